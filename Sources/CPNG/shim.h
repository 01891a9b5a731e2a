#include <png.h>

// The version and the pixel format are macros with casts, which Swift can't import.
static const png_uint_32 nnfmri_png_version = PNG_IMAGE_VERSION;
static const png_uint_32 nnfmri_png_rgb = PNG_FORMAT_RGB;
