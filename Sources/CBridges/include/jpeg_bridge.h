#ifndef CBRIDGES_JPEG_H
#define CBRIDGES_JPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A JPEG file being read from memory, which must outlive it.
///
/// libjpeg's errors and warnings both end the call that met them: it returns false, `concord_jpeg_message` says what
/// libjpeg said, and closing is all that may follow. Nothing is printed and no signal raised.
typedef struct concord_jpeg concord_jpeg;

typedef struct {
    /// Size as stored, before any orientation.
    int width, height;
    /// 1 gray, 3 color, 4 CMYK or YCCK.
    int components;
    /// Values of four-component images are 255 minus the ink, as Adobe's programs write them.
    bool is_inverted;
    /// Every coefficient is kept in memory until the last scan, however small the scale.
    bool has_several_scans;
    /// What follows "Exif\0\0", owned by the reader; null if the file has none.
    const uint8_t *exif;
    size_t exif_size;
    /// Offset of the first scan's coded data.
    size_t data_offset;
} concord_jpeg_header;

/// Null if memory is short. `scan_limit` guards against files made of endless empty scans.
concord_jpeg *concord_jpeg_open(const uint8_t *data, size_t size, int scan_limit);
bool concord_jpeg_read_header(concord_jpeg *reader, concord_jpeg_header *header);

/// Begins decoding at 1/`denominator` (1, 2, 4, 8) of the size; sets the scaled size.
bool concord_jpeg_start(concord_jpeg *reader, int denominator, int *width, int *height);
/// Limits decoding to columns `*x ..< *x + *width` and passes over the first `rows` rows, between start and read. The
/// columns become what the library can do: a range that holds the wanted one, the whole row in libraries without
/// partial decoding.
bool concord_jpeg_narrow(concord_jpeg *reader, int *x, int *width, int rows);
/// Reads `rows` rows of 3 bytes a pixel (4 if the file has four components), `stride` bytes apart.
bool concord_jpeg_read(concord_jpeg *reader, uint8_t *rows_out, size_t stride, int rows);
/// Reads to the end of the file, so that damage behind the last row is found.
bool concord_jpeg_finish(concord_jpeg *reader);

const char *concord_jpeg_message(const concord_jpeg *reader);
void concord_jpeg_close(concord_jpeg *reader);

/// Encodes RGB rows. On success `*out` is `*size` bytes for `free`; on failure `message` (200 bytes) says why.
bool concord_jpeg_write(
    const uint8_t *pixels, int width, int height, int quality, uint8_t **out, size_t *size, char *message);

#endif
