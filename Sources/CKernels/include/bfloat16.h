// bfloat16: the upper half of a float32.
#ifndef BFLOAT16_H
#define BFLOAT16_H

#include <stddef.h>
#include <stdint.h>

/// Exact.
void concord_bfloat16_to_float32(float *to, const uint16_t *from, size_t count);
/// To the nearest, of two equally near ones to the even one; beyond the range to infinity; NaN stays NaN.
void concord_float32_to_bfloat16(uint16_t *to, const float *from, size_t count);

/// The same for `rows` rows of `width` elements that lie `to_row` and `from_row` elements apart.
void concord_bfloat16_to_float32_rows(
    float *to, size_t to_row, const uint16_t *from, size_t from_row, size_t rows, size_t width);
void concord_float32_to_bfloat16_rows(
    uint16_t *to, size_t to_row, const float *from, size_t from_row, size_t rows, size_t width);

/// to += from, added in float32 and rounded once.
void concord_accumulate_bfloat16(uint16_t *to, const uint16_t *from, size_t count);
void concord_add_bfloat16(uint16_t *out, const uint16_t *a, const uint16_t *b, size_t count);
void concord_subtract_bfloat16(uint16_t *out, const uint16_t *a, const uint16_t *b, size_t count);

#endif
