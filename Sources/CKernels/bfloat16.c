#include "bfloat16.h"

#include "bfloat16_scalar.h"
#include "dispatch.h"

static inline __attribute__((always_inline)) void to_float32_row(
    float *restrict to, const uint16_t *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = to_float32(from[i]);
}

static inline __attribute__((always_inline)) void to_bfloat16_row(
    uint16_t *restrict to, const float *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = to_bfloat16(from[i]);
}

SIMD void concord_bfloat16_to_float32(float *to, const uint16_t *from, size_t count) {
    to_float32_row(to, from, count);
}

SIMD void concord_float32_to_bfloat16(uint16_t *to, const float *from, size_t count) {
    to_bfloat16_row(to, from, count);
}

SIMD void concord_bfloat16_to_float32_rows(
    float *to, size_t to_row, const uint16_t *from, size_t from_row, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, to += to_row, from += from_row) to_float32_row(to, from, width);
}

SIMD void concord_float32_to_bfloat16_rows(
    uint16_t *to, size_t to_row, const float *from, size_t from_row, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, to += to_row, from += from_row) to_bfloat16_row(to, from, width);
}

SIMD void concord_accumulate_bfloat16(uint16_t *restrict to, const uint16_t *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = to_bfloat16(to_float32(to[i]) + to_float32(from[i]));
}

SIMD void concord_add_bfloat16(
    uint16_t *restrict out, const uint16_t *restrict a, const uint16_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = to_bfloat16(to_float32(a[i]) + to_float32(b[i]));
}

SIMD void concord_subtract_bfloat16(
    uint16_t *restrict out, const uint16_t *restrict a, const uint16_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = to_bfloat16(to_float32(a[i]) - to_float32(b[i]));
}
