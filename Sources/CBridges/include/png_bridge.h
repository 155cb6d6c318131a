#ifndef CBRIDGES_PNG_H
#define CBRIDGES_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A PNG file being read from memory, which must outlive it.
///
/// An error of libpng ends the call that met it: it returns false, `concord_png_message` says what libpng said, and
/// closing is all that may follow. libpng's warnings (odd color profiles and the like) are dropped: damage is an error
/// to it.
typedef struct concord_png concord_png;

typedef struct {
    int width, height;
    /// 3, or 4 where the file has an alpha channel or transparent colors.
    int channels;
    /// The TIFF block of an eXIf chunk in front of the pixels, owned by the reader; null if there is none.
    const uint8_t *exif;
    size_t exif_size;
} concord_png_header;

/// Null if memory is short.
concord_png *concord_png_open(const uint8_t *data, size_t size);
/// Every kind of file is read as 8-bit RGB or RGBA; 16-bit values are rounded to the nearest.
bool concord_png_read_header(concord_png *reader, concord_png_header *header);
/// Reads all rows, `stride` bytes apart, and the file to its end.
bool concord_png_read(concord_png *reader, uint8_t *rows_out, size_t stride);
const char *concord_png_message(const concord_png *reader);
void concord_png_close(concord_png *reader);

#endif
