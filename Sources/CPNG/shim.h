#include <png.h>

// The version and the pixel format are macros with casts, which Swift can't import.
static const png_uint_32 nnfmri_png_version = PNG_IMAGE_VERSION;
static const png_uint_32 nnfmri_png_rgb = PNG_FORMAT_RGB;
static const png_uint_32 nnfmri_png_rgba = PNG_FORMAT_RGBA;
static const png_uint_32 nnfmri_png_16_bit_srgb = PNG_IMAGE_FLAG_16BIT_sRGB;
