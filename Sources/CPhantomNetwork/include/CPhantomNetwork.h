#ifndef CPHANTOM_NETWORK_H
#define CPHANTOM_NETWORK_H

#include <stddef.h>

/// The trained glyph network in the ONNX format, part of the program; stores its length in bytes in `size`.
const unsigned char *_Nonnull nnfmri_phantom_network(size_t *_Nonnull size);

#endif
