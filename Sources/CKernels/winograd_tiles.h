// Tiles of outputs of a 3x3 convolution, `SIDE` by `SIDE`; for inclusion by the kernels, which define it.
#ifndef WINOGRAD_TILES_H
#define WINOGRAD_TILES_H

#include "winograd.h"

/// Filters of a block of products; rows of a product in registers.
enum { WIDTH = 64, ROWS = 6 };

static inline size_t ceiling(size_t a, size_t b) { return (a + b - 1) / b; }
static inline size_t minimum(size_t a, size_t b) { return a < b ? a : b; }

/// Blocks of filters, and the columns of one.
static inline size_t blocks_of(size_t filters) { return ceiling(filters, WIDTH); }
static inline size_t width_of(size_t filters, size_t block) { return minimum(WIDTH, filters - block * WIDTH); }

/// Where a tile's outputs begin.
typedef struct {
    size_t sample, row, column;
} place;

static inline place place_of(concord_winograd s, size_t tile) {
    const size_t across = ceiling(s.width, SIDE), of_sample = ceiling(s.height, SIDE) * across;
    const size_t in_sample = tile % of_sample;
    return (place){tile / of_sample, in_sample / across * SIDE, in_sample % across * SIDE};
}

/// The `span` by `span` positions from `before` above and left of a tile's outputs on; those beyond the edges are null.
/// - Parameter bytes: of an element.
static inline void find(
    const void **at, const void *from, concord_winograd s, size_t channels, size_t tile, size_t span, size_t before,
    size_t bytes) {
    const place p = place_of(s, tile);
    for (size_t i = 0; i < span; i++)
        for (size_t j = 0; j < span; j++) {
            const size_t y = p.row + i - before, x = p.column + j - before;  // wraps where it is negative
            at[span * i + j] = y < s.height && x < s.width
                ? (const char *)from + ((p.sample * s.height + y) * s.width + x) * channels * bytes
                : NULL;
        }
}

#endif
