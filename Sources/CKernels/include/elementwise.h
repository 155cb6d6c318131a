#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include <stddef.h>
#include <stdint.h>

void concord_accumulate(float *to, const float *from, size_t count);
void concord_scale(float *out, const float *a, float factor, size_t count);
// In place: rows of `width` numbers, `row` apart.
void concord_scale_rows(float *c, size_t row, float factor, size_t rows, size_t width);
// `a * a + b * b`; out may be a.
void concord_squared_magnitudes(float *out, const float *a, const float *b, size_t count);

// Two operands over rows x columns. An operand's row stride is any number of elements; its column stride is 1, or 0
// where one element is repeated for the whole row. The output is contiguous.
#define CONCORD_BINARY(NAME, OUT, IN)                                                                                 \
    void NAME(                                                                                                        \
        OUT *out, const IN *a, ptrdiff_t a_row, ptrdiff_t a_column, const IN *b, ptrdiff_t b_row, ptrdiff_t b_column, \
        size_t rows, size_t columns)

CONCORD_BINARY(concord_add, float, float);
CONCORD_BINARY(concord_subtract, float, float);
CONCORD_BINARY(concord_multiply, float, float);
CONCORD_BINARY(concord_divide, float, float);
// NaN in either operand gives NaN.
CONCORD_BINARY(concord_minimum, float, float);
CONCORD_BINARY(concord_maximum, float, float);

CONCORD_BINARY(concord_greater, uint8_t, float);
CONCORD_BINARY(concord_greater_equal, uint8_t, float);
CONCORD_BINARY(concord_equal, uint8_t, float);
CONCORD_BINARY(concord_not_equal, uint8_t, float);
CONCORD_BINARY(concord_greater_int32, uint8_t, int32_t);
CONCORD_BINARY(concord_greater_equal_int32, uint8_t, int32_t);
CONCORD_BINARY(concord_equal_int32, uint8_t, int32_t);
CONCORD_BINARY(concord_not_equal_int32, uint8_t, int32_t);

// The cotangent of a where a wins, half of it at ties: `g * (a > b ? 1 : a == b ? 0.5 : 0)`; contiguous, for maximum,
// or with the operands exchanged for minimum.
void concord_winner_pullback(float *out, const float *g, const float *a, const float *b, size_t count);

// `mask ? a : b` over rows x columns, strides as above.
void concord_select(
    float *out, const uint8_t *mask, ptrdiff_t mask_row, ptrdiff_t mask_column, const float *a, ptrdiff_t a_row,
    ptrdiff_t a_column, const float *b, ptrdiff_t b_row, ptrdiff_t b_column, size_t rows, size_t columns);

// Copies with a repeated operand, for elements of 4, 2 and 1 bytes.
void concord_expand(uint32_t *out, const uint32_t *a, ptrdiff_t row, ptrdiff_t column, size_t rows, size_t columns);
void concord_expand_16(uint16_t *out, const uint16_t *a, ptrdiff_t row, ptrdiff_t column, size_t rows, size_t columns);
void concord_expand_8(uint8_t *out, const uint8_t *a, ptrdiff_t row, ptrdiff_t column, size_t rows, size_t columns);

// Between element types; floats are cut towards zero and held to the target's range, NaN becomes 0.
void concord_uint8_to_float32(float *out, const uint8_t *a, size_t count);
void concord_int32_to_float32(float *out, const int32_t *a, size_t count);
void concord_float32_to_int32(int32_t *out, const float *a, size_t count);
void concord_float32_to_uint8(uint8_t *out, const float *a, size_t count);
void concord_uint8_to_int32(int32_t *out, const uint8_t *a, size_t count);
void concord_int32_to_uint8(uint8_t *out, const int32_t *a, size_t count);

#endif
