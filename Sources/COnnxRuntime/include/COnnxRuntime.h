#ifndef NNFMRI_ONNXRUNTIME_H
#define NNFMRI_ONNXRUNTIME_H

/*
 * The part of the ONNX Runtime C ABI that this project uses.
 *
 * The library is opened at run time. Its one entry point, OrtGetApiBase, leads to a table of function pointers that
 * only ever grows at its end, so a function is named by its slot. Slots and signatures are those of the public C API
 * (https://onnxruntime.ai/docs/api/c/struct_ort_api.html).
 */

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>

#include "Providers.h"
#include "Types.h"

/* The version of the table that is asked for: every slot below exists in it. */
enum { NNFMRI_ORT_API_VERSION = 17 };

static inline nnfmri_ort_api nnfmri_ort_table(void *get_api_base, const char **version) {
  struct base {
    const void *(*get_api)(uint32_t);
    const char *(*get_version_string)(void);
  };
  const struct base *base = ((const struct base *(*)(void))get_api_base)();
  *version = base->get_version_string();
  return (nnfmri_ort_api)base->get_api(NNFMRI_ORT_API_VERSION);
}

static inline int ort_get_error_code(nnfmri_ort_api api, const OrtStatus *status) {
  return ((int (*)(const OrtStatus *))api[1])(status);
}
static inline const char *ort_get_error_message(nnfmri_ort_api api, const OrtStatus *status) {
  return ((const char *(*)(const OrtStatus *))api[2])(status);
}
static inline OrtStatus *ort_create_env(nnfmri_ort_api api, int level, const char *id, OrtEnv **out) {
  return ((OrtStatus * (*)(int, const char *, OrtEnv **)) api[3])(level, id, out);
}
static inline OrtStatus *ort_create_session_from_array(nnfmri_ort_api api, const OrtEnv *env, const void *model,
                                                       size_t length, const OrtSessionOptions *options,
                                                       OrtSession **out) {
  return ((OrtStatus * (*)(const OrtEnv *, const void *, size_t, const OrtSessionOptions *, OrtSession **)) api[8])(
      env, model, length, options, out);
}
static inline OrtStatus *ort_run(nnfmri_ort_api api, OrtSession *session, const OrtRunOptions *options,
                                 const char *const *input_names, const OrtValue *const *inputs, size_t input_count,
                                 const char *const *output_names, size_t output_count, OrtValue **outputs) {
  return ((OrtStatus * (*)(OrtSession *, const OrtRunOptions *, const char *const *, const OrtValue *const *, size_t,
                           const char *const *, size_t, OrtValue **)) api[9])(
      session, options, input_names, inputs, input_count, output_names, output_count, outputs);
}
static inline OrtStatus *ort_create_session_options(nnfmri_ort_api api, OrtSessionOptions **out) {
  return ((OrtStatus * (*)(OrtSessionOptions **)) api[10])(out);
}
static inline OrtStatus *ort_set_optimized_model_path(nnfmri_ort_api api, OrtSessionOptions *options,
                                                      const char *path) {
  return ((OrtStatus * (*)(OrtSessionOptions *, const char *)) api[11])(options, path);
}
static inline OrtStatus *ort_disable_cpu_mem_arena(nnfmri_ort_api api, OrtSessionOptions *options) {
  return ((OrtStatus * (*)(OrtSessionOptions *)) api[19])(options);
}
static inline OrtStatus *ort_set_graph_optimization_level(nnfmri_ort_api api, OrtSessionOptions *options, int level) {
  return ((OrtStatus * (*)(OrtSessionOptions *, int)) api[23])(options, level);
}
static inline OrtStatus *ort_set_intra_op_threads(nnfmri_ort_api api, OrtSessionOptions *options, int count) {
  return ((OrtStatus * (*)(OrtSessionOptions *, int)) api[24])(options, count);
}
static inline OrtStatus *ort_set_inter_op_threads(nnfmri_ort_api api, OrtSessionOptions *options, int count) {
  return ((OrtStatus * (*)(OrtSessionOptions *, int)) api[25])(options, count);
}
static inline OrtStatus *ort_session_input_count(nnfmri_ort_api api, const OrtSession *session, size_t *out) {
  return ((OrtStatus * (*)(const OrtSession *, size_t *)) api[30])(session, out);
}
static inline OrtStatus *ort_session_output_count(nnfmri_ort_api api, const OrtSession *session, size_t *out) {
  return ((OrtStatus * (*)(const OrtSession *, size_t *)) api[31])(session, out);
}
static inline OrtStatus *ort_session_input_name(nnfmri_ort_api api, const OrtSession *session, size_t index,
                                                OrtAllocator *allocator, char **out) {
  return ((OrtStatus * (*)(const OrtSession *, size_t, OrtAllocator *, char **)) api[36])(session, index, allocator,
                                                                                          out);
}
static inline OrtStatus *ort_session_output_name(nnfmri_ort_api api, const OrtSession *session, size_t index,
                                                 OrtAllocator *allocator, char **out) {
  return ((OrtStatus * (*)(const OrtSession *, size_t, OrtAllocator *, char **)) api[37])(session, index, allocator,
                                                                                          out);
}
static inline OrtStatus *ort_create_run_options(nnfmri_ort_api api, OrtRunOptions **out) {
  return ((OrtStatus * (*)(OrtRunOptions **)) api[39])(out);
}
static inline OrtStatus *ort_create_tensor_with_data(nnfmri_ort_api api, const OrtMemoryInfo *info, void *data,
                                                     size_t byte_count, const int64_t *shape, size_t rank, int type,
                                                     OrtValue **out) {
  return ((OrtStatus * (*)(const OrtMemoryInfo *, void *, size_t, const int64_t *, size_t, int, OrtValue **)) api[49])(
      info, data, byte_count, shape, rank, type, out);
}
static inline OrtStatus *ort_tensor_data(nnfmri_ort_api api, OrtValue *value, void **out) {
  return ((OrtStatus * (*)(OrtValue *, void **)) api[51])(value, out);
}
static inline OrtStatus *ort_element_type(nnfmri_ort_api api, const OrtTensorTypeAndShapeInfo *info, int *out) {
  return ((OrtStatus * (*)(const OrtTensorTypeAndShapeInfo *, int *)) api[60])(info, out);
}
static inline OrtStatus *ort_dimension_count(nnfmri_ort_api api, const OrtTensorTypeAndShapeInfo *info, size_t *out) {
  return ((OrtStatus * (*)(const OrtTensorTypeAndShapeInfo *, size_t *)) api[61])(info, out);
}
static inline OrtStatus *ort_dimensions(nnfmri_ort_api api, const OrtTensorTypeAndShapeInfo *info, int64_t *out,
                                        size_t count) {
  return ((OrtStatus * (*)(const OrtTensorTypeAndShapeInfo *, int64_t *, size_t)) api[62])(info, out, count);
}
static inline OrtStatus *ort_tensor_type_and_shape(nnfmri_ort_api api, const OrtValue *value,
                                                   OrtTensorTypeAndShapeInfo **out) {
  return ((OrtStatus * (*)(const OrtValue *, OrtTensorTypeAndShapeInfo **)) api[65])(value, out);
}
static inline OrtStatus *ort_create_cpu_memory_info(nnfmri_ort_api api, int allocator_type, int memory_type,
                                                    OrtMemoryInfo **out) {
  return ((OrtStatus * (*)(int, int, OrtMemoryInfo **)) api[69])(allocator_type, memory_type, out);
}
static inline OrtStatus *ort_allocator_free(nnfmri_ort_api api, OrtAllocator *allocator, void *pointer) {
  return ((OrtStatus * (*)(OrtAllocator *, void *)) api[76])(allocator, pointer);
}
static inline OrtStatus *ort_default_allocator(nnfmri_ort_api api, OrtAllocator **out) {
  return ((OrtStatus * (*)(OrtAllocator **)) api[78])(out);
}
static inline void ort_release_env(nnfmri_ort_api api, OrtEnv *value) { ((void (*)(OrtEnv *))api[92])(value); }
static inline void ort_release_status(nnfmri_ort_api api, OrtStatus *value) { ((void (*)(OrtStatus *))api[93])(value); }
static inline void ort_release_memory_info(nnfmri_ort_api api, OrtMemoryInfo *value) {
  ((void (*)(OrtMemoryInfo *))api[94])(value);
}
/* Also gives the memory back to the system: glibc would keep the blocks of weights below 32 MB. */
static inline void ort_release_session(nnfmri_ort_api api, OrtSession *value) {
  ((void (*)(OrtSession *))api[95])(value);
  malloc_trim(0);
}
static inline void ort_release_value(nnfmri_ort_api api, OrtValue *value) { ((void (*)(OrtValue *))api[96])(value); }
static inline void ort_release_run_options(nnfmri_ort_api api, OrtRunOptions *value) {
  ((void (*)(OrtRunOptions *))api[97])(value);
}
static inline void ort_release_tensor_type_and_shape(nnfmri_ort_api api, OrtTensorTypeAndShapeInfo *value) {
  ((void (*)(OrtTensorTypeAndShapeInfo *))api[99])(value);
}
static inline void ort_release_session_options(nnfmri_ort_api api, OrtSessionOptions *value) {
  ((void (*)(OrtSessionOptions *))api[100])(value);
}
static inline OrtStatus *ort_add_session_config_entry(nnfmri_ort_api api, OrtSessionOptions *options, const char *key,
                                                      const char *value) {
  return ((OrtStatus * (*)(OrtSessionOptions *, const char *, const char *)) api[130])(options, key, value);
}
static inline OrtStatus *ort_add_run_config_entry(nnfmri_ort_api api, OrtRunOptions *options, const char *key,
                                                  const char *value) {
  return ((OrtStatus * (*)(OrtRunOptions *, const char *, const char *)) api[165])(options, key, value);
}

#endif
