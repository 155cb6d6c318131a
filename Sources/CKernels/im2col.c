#include "im2col.h"

#include <string.h>

void concord_im2col_row(void *to, const void *image, concord_windows w, size_t row, size_t count) {
    char *out = to;
    const char *from = image;
    const ptrdiff_t line = (ptrdiff_t)(w.kernel_width * w.bytes),
                    top = (ptrdiff_t)(row * w.stride_height) - w.padding_height;
    for (size_t column = 0; column < count; column++) {
        const ptrdiff_t left = (ptrdiff_t)(column * w.stride_width) - w.padding_width, bytes = (ptrdiff_t)w.bytes;
        // Taps before the image, and up to its end.
        const ptrdiff_t room = (ptrdiff_t)w.width - left, taps = (ptrdiff_t)w.kernel_width;
        ptrdiff_t first = left < 0 ? -left : 0, last = room < taps ? room : taps;
        if (first > taps) first = taps;
        if (last < first) last = first;
        for (size_t tap = 0; tap < w.kernel_height; tap++, out += line) {
            const ptrdiff_t y = top + (ptrdiff_t)tap;
            if (y < 0 || y >= (ptrdiff_t)w.height) {
                memset(out, 0, (size_t)line);
                continue;
            }
            memset(out, 0, (size_t)(first * bytes));
            memcpy(
                out + first * bytes, from + (y * (ptrdiff_t)w.width + left + first) * bytes,
                (size_t)((last - first) * bytes));
            memset(out + last * bytes, 0, (size_t)((taps - last) * bytes));
        }
    }
}
