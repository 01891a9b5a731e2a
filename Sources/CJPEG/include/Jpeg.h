#ifndef NNFMRI_JPEG_H
#define NNFMRI_JPEG_H

#include <stddef.h>
#include <stdint.h>

/* What a JPEG file says of its picture before it is decoded. */
typedef struct {
  uint32_t width;
  uint32_t height;
  /* How the picture has to be turned to stand upright, 1 to 8 as in EXIF; 1 where nothing is said. */
  int orientation;
} nnfmri_jpeg_header;

/* Enough for any message of libjpeg. */
enum { nnfmri_jpeg_message_length = 200 };

/* Reads the header of the `count` bytes of a JPEG file. Returns 0, or -1 with libjpeg's message. */
int nnfmri_jpeg_read_header(const uint8_t *bytes, size_t count, nnfmri_jpeg_header *header, char *message);

/* Decodes to red, green and blue bytes, `pixels`: [height x width x 3] of the header. Returns 0, or -1 with libjpeg's
   message; damaged data is an error, not a warning. */
int nnfmri_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, char *message);

#endif
