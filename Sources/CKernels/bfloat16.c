#include "BFloat16.h"

#include "narrow.h"
#include "dispatch.h"

static inline __attribute__((always_inline)) void widen(float *restrict to, const uint16_t *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = widened(from[i]);
}

static inline __attribute__((always_inline)) void narrow(uint16_t *restrict to, const float *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = narrowed(from[i]);
}

SIMD void concord_widen(float *to, const uint16_t *from, size_t count) { widen(to, from, count); }

SIMD void concord_narrow(uint16_t *to, const float *from, size_t count) { narrow(to, from, count); }

SIMD void concord_widen_rows(float *to, size_t to_row, const uint16_t *from, size_t from_row, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, to += to_row, from += from_row) widen(to, from, width);
}

SIMD void concord_narrow_rows(uint16_t *to, size_t to_row, const float *from, size_t from_row, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, to += to_row, from += from_row) narrow(to, from, width);
}

SIMD void concord_accumulate_narrow(uint16_t *restrict to, const uint16_t *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = narrowed(widened(to[i]) + widened(from[i]));
}

SIMD void concord_add_narrow(uint16_t *restrict out, const uint16_t *restrict a, const uint16_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = narrowed(widened(a[i]) + widened(b[i]));
}

SIMD void concord_subtract_narrow(uint16_t *restrict out, const uint16_t *restrict a, const uint16_t *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = narrowed(widened(a[i]) - widened(b[i]));
}
