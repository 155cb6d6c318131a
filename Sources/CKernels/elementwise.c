#include "elementwise.h"
#include "dispatch.h"

SIMD void concord_accumulate(float *restrict to, const float *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

SIMD void concord_scale(float *restrict out, const float *restrict a, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] * factor;
}

SIMD void concord_scale_rows(float *c, size_t row, float factor, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, c += row)
        for (size_t i = 0; i < width; i++) c[i] *= factor;
}

SIMD void concord_squared_magnitudes(float *out, const float *a, const float *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] * a[i] + b[i] * b[i];
}

// x and y are the operands' elements in EXPRESSION.
#define BINARY(NAME, OUT, IN, EXPRESSION)                                                            \
    SIMD CONCORD_BINARY(NAME, OUT, IN) {                                                             \
        for (size_t r = 0; r < rows; r++) {                                                          \
            OUT *restrict o = out + r * columns;                                                     \
            const IN *restrict p = a + (ptrdiff_t)r * a_row, *restrict q = b + (ptrdiff_t)r * b_row; \
            if (a_column && b_column) {                                                              \
                for (size_t i = 0; i < columns; i++) {                                               \
                    const IN x = p[i], y = q[i];                                                     \
                    o[i] = EXPRESSION;                                                               \
                }                                                                                    \
            } else if (a_column) {                                                                   \
                const IN y = *q;                                                                     \
                for (size_t i = 0; i < columns; i++) {                                               \
                    const IN x = p[i];                                                               \
                    o[i] = EXPRESSION;                                                               \
                }                                                                                    \
            } else {                                                                                 \
                const IN x = *p;                                                                     \
                for (size_t i = 0; i < columns; i++) {                                               \
                    const IN y = q[(ptrdiff_t)i * b_column];                                         \
                    o[i] = EXPRESSION;                                                               \
                }                                                                                    \
            }                                                                                        \
        }                                                                                            \
    }

BINARY(concord_add, float, float, x + y)
BINARY(concord_subtract, float, float, x - y)
BINARY(concord_multiply, float, float, x *y)
BINARY(concord_divide, float, float, x / y)
BINARY(concord_minimum, float, float, (x < y || x != x) ? x : y)
BINARY(concord_maximum, float, float, (x > y || x != x) ? x : y)
BINARY(concord_greater, uint8_t, float, x > y)
BINARY(concord_greater_equal, uint8_t, float, x >= y)
BINARY(concord_equal, uint8_t, float, x == y)
BINARY(concord_not_equal, uint8_t, float, x != y)
BINARY(concord_greater_int32, uint8_t, int32_t, x > y)
BINARY(concord_greater_equal_int32, uint8_t, int32_t, x >= y)
BINARY(concord_equal_int32, uint8_t, int32_t, x == y)
BINARY(concord_not_equal_int32, uint8_t, int32_t, x != y)

SIMD void concord_winner_pullback(
    float *restrict out, const float *restrict g, const float *restrict a, const float *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = g[i] * (a[i] > b[i] ? 1.0f : a[i] == b[i] ? 0.5f : 0.0f);
}

SIMD void concord_select(
    float *out, const uint8_t *mask, ptrdiff_t mask_row, ptrdiff_t mask_column, const float *a, ptrdiff_t a_row,
    ptrdiff_t a_column, const float *b, ptrdiff_t b_row, ptrdiff_t b_column, size_t rows, size_t columns) {
    for (size_t r = 0; r < rows; r++) {
        float *restrict o = out + r * columns;
        const uint8_t *restrict m = mask + (ptrdiff_t)r * mask_row;
        const float *restrict p = a + (ptrdiff_t)r * a_row, *restrict q = b + (ptrdiff_t)r * b_row;
        if (mask_column && a_column && b_column) {
            for (size_t i = 0; i < columns; i++) {
                const float x = p[i], y = q[i];
                o[i] = m[i] ? x : y;
            }
        } else if (mask_column && a_column) {
            const float y = *q;
            for (size_t i = 0; i < columns; i++) {
                const float x = p[i];
                o[i] = m[i] ? x : y;
            }
        } else {
            for (size_t i = 0; i < columns; i++) {
                const ptrdiff_t j = (ptrdiff_t)i;
                const float x = p[j * a_column], y = q[j * b_column];
                o[i] = m[j * mask_column] ? x : y;
            }
        }
    }
}

#define EXPAND(NAME, TYPE)                                                                                   \
    SIMD void NAME(TYPE *out, const TYPE *a, ptrdiff_t row, ptrdiff_t column, size_t rows, size_t columns) { \
        for (size_t r = 0; r < rows; r++) {                                                                  \
            TYPE *restrict o = out + r * columns;                                                            \
            const TYPE *restrict p = a + (ptrdiff_t)r * row;                                                 \
            if (column) {                                                                                    \
                for (size_t i = 0; i < columns; i++) o[i] = p[i];                                            \
            } else {                                                                                         \
                const TYPE x = *p;                                                                           \
                for (size_t i = 0; i < columns; i++) o[i] = x;                                               \
            }                                                                                                \
        }                                                                                                    \
    }

EXPAND(concord_expand, uint32_t)
EXPAND(concord_expand_16, uint16_t)
EXPAND(concord_expand_8, uint8_t)

#define CONVERT(NAME, OUT, IN, EXPRESSION)                                  \
    SIMD void NAME(OUT *restrict out, const IN *restrict a, size_t count) { \
        for (size_t i = 0; i < count; i++) {                                \
            const IN x = a[i];                                              \
            out[i] = EXPRESSION;                                            \
        }                                                                   \
    }

// 2147483520 is the largest float below 2^31.
CONVERT(concord_uint8_to_float32, float, uint8_t, x)
CONVERT(concord_int32_to_float32, float, int32_t, (float)x)
CONVERT(
    concord_float32_to_int32, int32_t, float,
    x != x                   ? 0
        : x <= -2147483648.f ? INT32_MIN
        : x > 2147483520.f   ? INT32_MAX
                             : (int32_t)x)
CONVERT(concord_float32_to_uint8, uint8_t, float, (uint8_t)(!(x > 0) ? 0 : x > 255 ? 255 : (int32_t)x))
CONVERT(concord_uint8_to_int32, int32_t, uint8_t, x)
CONVERT(concord_int32_to_uint8, uint8_t, int32_t, (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x))
