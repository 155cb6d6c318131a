#include "indexing.h"

#include <string.h>

#include "dispatch.h"

void concord_copy_rows(void *to, size_t to_row, const void *from, size_t from_row, size_t rows, size_t bytes) {
    char *out = to;
    const char *x = from;
    for (size_t r = 0; r < rows; r++, out += to_row, x += from_row) memcpy(out, x, bytes);
}

enum { SIDE = 8 };
typedef float octet __attribute__((vector_size(32), aligned(4)));

#define MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define LOW(a, b) MIX(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define HIGH(a, b) MIX(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIRS_LOW(a, b) MIX(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIRS_HIGH(a, b) MIX(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define HALVES_LOW(a, b) MIX(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define HALVES_HIGH(a, b) MIX(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

// An 8 x 8 tile in three rounds of exchanges: elements, pairs, halves.
static inline __attribute__((always_inline)) void transpose_tile(
    uint32_t *to, size_t to_row, const uint32_t *from, size_t from_row) {
    octet x[SIDE], y[SIDE];
    for (size_t i = 0; i < SIDE; i++) memcpy(&x[i], from + i * from_row, sizeof x[i]);
    for (size_t i = 0; i < SIDE; i += 2) {
        y[i] = LOW(x[i], x[i + 1]);
        y[i + 1] = HIGH(x[i], x[i + 1]);
    }
    for (size_t i = 0; i < SIDE; i += 4) {
        x[i] = PAIRS_LOW(y[i], y[i + 2]);
        x[i + 1] = PAIRS_HIGH(y[i], y[i + 2]);
        x[i + 2] = PAIRS_LOW(y[i + 1], y[i + 3]);
        x[i + 3] = PAIRS_HIGH(y[i + 1], y[i + 3]);
    }
    for (size_t i = 0; i < 4; i++) {
        y[i] = HALVES_LOW(x[i], x[i + 4]);
        y[i + 4] = HALVES_HIGH(x[i], x[i + 4]);
    }
    for (size_t i = 0; i < SIDE; i++) memcpy(to + i * to_row, &y[i], sizeof y[i]);
}

SIMD void concord_transpose(
    uint32_t *restrict out, size_t out_row, const uint32_t *restrict x, size_t row, size_t rows, size_t columns) {
    const size_t fullRows = rows - rows % SIDE, fullColumns = columns - columns % SIDE;
    // Four tiles at a time: whole cache lines on both sides.
    for (size_t c = 0; c < fullColumns; c += 2 * SIDE)
        for (size_t r = 0; r < fullRows; r += 2 * SIDE)
            for (size_t i = c; i < fullColumns && i < c + 2 * SIDE; i += SIDE)
                for (size_t j = r; j < fullRows && j < r + 2 * SIDE; j += SIDE)
                    transpose_tile(out + i * out_row + j, out_row, x + j * row + i, row);
    for (size_t c = 0; c < columns; c++) {
        for (size_t r = c < fullColumns ? fullRows : 0; r < rows; r++) out[c * out_row + r] = x[r * row + c];
    }
}

#define TRANSPOSE(NAME, TYPE)                                                                                        \
    void NAME(TYPE *restrict out, size_t out_row, const TYPE *restrict x, size_t row, size_t rows, size_t columns) { \
        for (size_t c = 0; c < columns; c++) {                                                                       \
            for (size_t r = 0; r < rows; r++) out[c * out_row + r] = x[r * row + c];                                 \
        }                                                                                                            \
    }

TRANSPOSE(concord_transpose_16, uint16_t)
TRANSPOSE(concord_transpose_8, uint8_t)

SIMD void concord_int32_range(const int32_t *a, size_t count, int32_t *smallest, int32_t *largest) {
    int32_t low = a[0], high = a[0];
    for (size_t i = 1; i < count; i++) {
        low = a[i] < low ? a[i] : low;
        high = a[i] > high ? a[i] : high;
    }
    *smallest = low;
    *largest = high;
}

#define GATHER(NAME, TYPE)                                                                                         \
    void NAME(                                                                                                     \
        TYPE *restrict out, const TYPE *restrict x, const int32_t *restrict indices, size_t count, size_t width) { \
        if (width == 1) {                                                                                          \
            for (size_t i = 0; i < count; i++) out[i] = x[indices[i]];                                             \
        } else {                                                                                                   \
            for (size_t i = 0; i < count; i++)                                                                     \
                memcpy(out + i * width, x + (size_t)indices[i] * width, width * sizeof *x);                        \
        }                                                                                                          \
    }

GATHER(concord_gather, uint32_t)
GATHER(concord_gather_bytes, uint8_t)

SIMD void concord_scatter_add(
    float *out, const float *x, const int32_t *indices, size_t count, size_t width, size_t row) {
    for (size_t i = 0; i < count; i++) {
        float *restrict to = out + (size_t)indices[i] * row;
        const float *restrict from = x + i * row;
        for (size_t j = 0; j < width; j++) to[j] += from[j];
    }
}

void concord_scatter_last(
    float *restrict out, const float *restrict x, const int32_t *restrict indices, size_t rows, size_t count,
    size_t columns) {
    memset(out, 0, rows * columns * sizeof *out);
    for (size_t r = 0; r < rows; r++) {
        for (size_t i = 0; i < count; i++) out[r * columns + (size_t)indices[r * count + i]] = x[r * count + i];
    }
}

void concord_one_hot(float *restrict out, const int32_t *restrict indices, size_t count, size_t depth) {
    memset(out, 0, count * depth * sizeof *out);
    for (size_t i = 0; i < count; i++) out[i * depth + (size_t)indices[i]] = 1;
}
