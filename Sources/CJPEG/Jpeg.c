#include "include/Jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

/* libjpeg leaves a function by its error handler, which must not return: it jumps back here. Swift can't. */
typedef struct {
  struct jpeg_error_mgr manager;
  jmp_buf escape;
  char *message;
} error_handler;

/* A progressive file of this many scans is made to waste time. */
enum { most_scans = 500 };

static void fail(j_common_ptr decoder) {
  error_handler *handler = (error_handler *)decoder->err;
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(handler->message, nnfmri_jpeg_message_length, "%s", text);
  longjmp(handler->escape, 1);
}

/* Level -1 is damaged data; others are for tracing. */
static void emit(j_common_ptr decoder, int level) {
  if (level < 0) fail(decoder);
}

static void watch(j_common_ptr decoder) {
  error_handler *handler = (error_handler *)decoder->err;
  if (((j_decompress_ptr)decoder)->input_scan_number <= most_scans) return;
  snprintf(handler->message, nnfmri_jpeg_message_length, "More than %d scans", most_scans);
  longjmp(handler->escape, 1);
}

static void start(j_decompress_ptr decoder, error_handler *handler, char *message) {
  decoder->err = jpeg_std_error(&handler->manager);
  handler->manager.error_exit = fail;
  handler->manager.emit_message = emit;
  handler->message = message;
}

static unsigned word(const uint8_t *bytes, int is_big, int length) {
  unsigned value = 0;
  for (int i = 0; i < length; i++) value = value << 8 | bytes[is_big ? i : length - 1 - i];
  return value;
}

/* Tag 0x112 of the first directory of an EXIF block (EXIF 2.3, 4.6.4). */
static int orientation(const struct jpeg_marker_struct *marker) {
  for (; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 14 || memcmp(marker->data, "Exif\0\0", 6)) continue;
    const uint8_t *block = marker->data + 6;
    size_t length = marker->data_length - 6;
    int is_big = block[0] == 'M';
    size_t directory = word(block + 4, is_big, 4);
    if (directory + 2 > length) return 1;
    unsigned entries = word(block + directory, is_big, 2);
    for (unsigned i = 0; i < entries; i++) {
      size_t entry = directory + 2 + 12 * (size_t)i;
      if (entry + 12 > length) return 1;
      if (word(block + entry, is_big, 2) != 0x112) continue;
      unsigned value = word(block + entry + 8, is_big, 2);
      return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
  }
  return 1;
}

int nnfmri_jpeg_read_header(const uint8_t *bytes, size_t count, nnfmri_jpeg_header *header, char *message) {
  struct jpeg_decompress_struct decoder;
  error_handler handler;
  start(&decoder, &handler, message);
  jpeg_create_decompress(&decoder);
  if (setjmp(handler.escape)) {
    jpeg_destroy_decompress(&decoder);
    return -1;
  }
  jpeg_mem_src(&decoder, bytes, count);
  jpeg_save_markers(&decoder, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&decoder, TRUE);
  header->width = decoder.image_width;
  header->height = decoder.image_height;
  header->orientation = orientation(decoder.marker_list);
  jpeg_destroy_decompress(&decoder);
  return 0;
}

/* a * b / 255, rounded. */
static uint8_t share(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return (uint8_t)((product + (product >> 8)) >> 8);
}

/* What four inks, each 255 where there is none of it as Adobe writes them, leave of white. */
static void mix(const uint8_t *inks, size_t width, uint8_t *pixels) {
  for (size_t x = 0; x < width; x++) {
    unsigned black = inks[4 * x + 3];
    for (int color = 0; color < 3; color++) pixels[3 * x + color] = black - share(255u - inks[4 * x + color], black);
  }
}

int nnfmri_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, char *message) {
  struct jpeg_decompress_struct decoder;
  struct jpeg_progress_mgr progress;
  error_handler handler;
  start(&decoder, &handler, message);
  jpeg_create_decompress(&decoder);
  if (setjmp(handler.escape)) {
    jpeg_destroy_decompress(&decoder);
    return -1;
  }
  jpeg_mem_src(&decoder, bytes, count);
  progress.progress_monitor = watch;
  decoder.progress = &progress;
  jpeg_read_header(&decoder, TRUE);
  int is_ink = decoder.num_components == 4;
  decoder.out_color_space = is_ink ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&decoder);
  size_t width = decoder.output_width;
  JSAMPROW inks = *decoder.mem->alloc_sarray((j_common_ptr)&decoder, JPOOL_IMAGE, (JDIMENSION)(4 * width), 1);
  while (decoder.output_scanline < decoder.output_height) {
    JSAMPROW pixel_row = pixels + 3 * width * decoder.output_scanline;
    JSAMPROW row = is_ink ? inks : pixel_row;
    jpeg_read_scanlines(&decoder, &row, 1);
    if (is_ink) mix(inks, width, pixel_row);
  }
  jpeg_finish_decompress(&decoder);
  jpeg_destroy_decompress(&decoder);
  return 0;
}
