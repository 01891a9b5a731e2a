#include "CPhantomNetwork.h"

// Embedding a file is C23; the compiler offers it in every dialect and warns of that.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char network[] = {
#embed "phantom.onnx"
};
#pragma clang diagnostic pop

const unsigned char *nnfmri_phantom_network(size_t *size) {
  *size = sizeof network;
  return network;
}
