#ifndef NNFMRI_ONNXRUNTIME_PROVIDERS_H
#define NNFMRI_ONNXRUNTIME_PROVIDERS_H

/* Execution providers: what the library has built in, plugins, devices, and which operators went where. */

#include <stdbool.h>
#include <stddef.h>

#include "Types.h"

typedef struct OrtCUDAProviderOptionsV2 OrtCUDAProviderOptionsV2;
typedef struct OrtEpDevice OrtEpDevice;
typedef struct OrtHardwareDevice OrtHardwareDevice;
typedef struct OrtKeyValuePairs OrtKeyValuePairs;
typedef struct OrtEpAssignedSubgraph OrtEpAssignedSubgraph;
typedef struct OrtEpAssignedNode OrtEpAssignedNode;

/* The least minor versions of the library that have the slots from 301 on, and those from 407 on. */
enum { NNFMRI_ORT_PLUGINS_VERSION = 22, NNFMRI_ORT_ASSIGNMENT_VERSION = 24 };

static inline OrtStatus *ort_available_providers(nnfmri_ort_api api, char ***out, int *count) {
  return ((OrtStatus * (*)(char ***, int *)) api[125])(out, count);
}
static inline OrtStatus *ort_release_available_providers(nnfmri_ort_api api, char **names, int count) {
  return ((OrtStatus * (*)(char **, int)) api[126])(names, count);
}
static inline OrtStatus *ort_append_cuda(nnfmri_ort_api api, OrtSessionOptions *options,
                                         const OrtCUDAProviderOptionsV2 *cuda) {
  return ((OrtStatus * (*)(OrtSessionOptions *, const OrtCUDAProviderOptionsV2 *)) api[204])(options, cuda);
}
static inline OrtStatus *ort_create_cuda_options(nnfmri_ort_api api, OrtCUDAProviderOptionsV2 **out) {
  return ((OrtStatus * (*)(OrtCUDAProviderOptionsV2 **)) api[205])(out);
}
static inline OrtStatus *ort_update_cuda_options(nnfmri_ort_api api, OrtCUDAProviderOptionsV2 *cuda,
                                                 const char *const *keys, const char *const *values, size_t count) {
  return ((OrtStatus * (*)(OrtCUDAProviderOptionsV2 *, const char *const *, const char *const *, size_t)) api[206])(
      cuda, keys, values, count);
}
static inline void ort_release_cuda_options(nnfmri_ort_api api, OrtCUDAProviderOptionsV2 *cuda) {
  ((void (*)(OrtCUDAProviderOptionsV2 *))api[208])(cuda);
}
static inline OrtStatus *ort_append_provider(nnfmri_ort_api api, OrtSessionOptions *options, const char *name,
                                             const char *const *keys, const char *const *values, size_t count) {
  return ((OrtStatus * (*)(OrtSessionOptions *, const char *, const char *const *, const char *const *, size_t))
              api[216])(options, name, keys, values, count);
}
static inline OrtStatus *ort_set_deterministic_compute(nnfmri_ort_api api, OrtSessionOptions *options, bool value) {
  return ((OrtStatus * (*)(OrtSessionOptions *, bool)) api[273])(options, value);
}

/* From version 22 on. What they lend belongs to the environment. */
static inline const char *ort_key_value(nnfmri_ort_api api, const OrtKeyValuePairs *pairs, const char *key) {
  return ((const char *(*)(const OrtKeyValuePairs *, const char *))api[297])(pairs, key);
}
static inline OrtStatus *ort_register_provider_library(nnfmri_ort_api api, OrtEnv *env, const char *name,
                                                       const char *path) {
  return ((OrtStatus * (*)(OrtEnv *, const char *, const char *)) api[301])(env, name, path);
}
static inline OrtStatus *ort_ep_devices(nnfmri_ort_api api, const OrtEnv *env, const OrtEpDevice *const **out,
                                        size_t *count) {
  return ((OrtStatus * (*)(const OrtEnv *, const OrtEpDevice *const **, size_t *)) api[303])(env, out, count);
}
static inline OrtStatus *ort_append_devices(nnfmri_ort_api api, OrtSessionOptions *options, OrtEnv *env,
                                            const OrtEpDevice *const *devices, size_t device_count,
                                            const char *const *keys, const char *const *values, size_t count) {
  return ((OrtStatus * (*)(OrtSessionOptions *, OrtEnv *, const OrtEpDevice *const *, size_t, const char *const *,
                           const char *const *, size_t)) api[304])(options, env, devices, device_count, keys, values,
                                                                   count);
}
/* 0 a CPU, 1 a GPU, 2 an NPU. */
static inline int ort_hardware_type(nnfmri_ort_api api, const OrtHardwareDevice *device) {
  return ((int (*)(const OrtHardwareDevice *))api[307])(device);
}
static inline const char *ort_hardware_vendor(nnfmri_ort_api api, const OrtHardwareDevice *device) {
  return ((const char *(*)(const OrtHardwareDevice *))api[309])(device);
}
static inline const char *ort_ep_name(nnfmri_ort_api api, const OrtEpDevice *device) {
  return ((const char *(*)(const OrtEpDevice *))api[312])(device);
}
static inline const OrtKeyValuePairs *ort_ep_metadata(nnfmri_ort_api api, const OrtEpDevice *device) {
  return ((const OrtKeyValuePairs *(*)(const OrtEpDevice *))api[314])(device);
}
static inline const OrtHardwareDevice *ort_ep_hardware(nnfmri_ort_api api, const OrtEpDevice *device) {
  return ((const OrtHardwareDevice *(*)(const OrtEpDevice *))api[316])(device);
}

/* From version 24 on. What they lend belongs to the session. */
static inline OrtStatus *ort_graph_assignment(nnfmri_ort_api api, const OrtSession *session,
                                              const OrtEpAssignedSubgraph *const **out, size_t *count) {
  return ((OrtStatus * (*)(const OrtSession *, const OrtEpAssignedSubgraph *const **, size_t *)) api[407])(session, out,
                                                                                                       count);
}
static inline OrtStatus *ort_assigned_provider(nnfmri_ort_api api, const OrtEpAssignedSubgraph *graph,
                                               const char **out) {
  return ((OrtStatus * (*)(const OrtEpAssignedSubgraph *, const char **)) api[408])(graph, out);
}
static inline OrtStatus *ort_assigned_nodes(nnfmri_ort_api api, const OrtEpAssignedSubgraph *graph,
                                            const OrtEpAssignedNode *const **out, size_t *count) {
  return ((OrtStatus * (*)(const OrtEpAssignedSubgraph *, const OrtEpAssignedNode *const **, size_t *)) api[409])(
      graph, out, count);
}
static inline OrtStatus *ort_assigned_node_name(nnfmri_ort_api api, const OrtEpAssignedNode *node, const char **out) {
  return ((OrtStatus * (*)(const OrtEpAssignedNode *, const char **)) api[410])(node, out);
}
static inline OrtStatus *ort_assigned_node_operator(nnfmri_ort_api api, const OrtEpAssignedNode *node,
                                                    const char **out) {
  return ((OrtStatus * (*)(const OrtEpAssignedNode *, const char **)) api[412])(node, out);
}

#endif
