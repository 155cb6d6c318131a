#include "biased_gelu.h"
#include "bfloat16_scalar.h"
#include "dispatch.h"
#include "row_math.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float gelu(float a) { return 0.5f * a * (1 + row_erf(a * 0.707106781f)); }

INLINE float slope(float a) {
    return 0.5f * (1 + row_erf(a * 0.707106781f)) + a * 0.398942280f * row_exp(-0.5f * a * a);
}

SIMD void concord_biased_gelu(
    float *restrict out, const float *restrict x, const float *restrict bias, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, out += width, x += width)
        for (size_t j = 0; j < width; j++) out[j] = gelu(x[j] + bias[j]);
}

SIMD void concord_biased_gelu_bfloat16(
    uint16_t *restrict out, const uint16_t *restrict x, const float *restrict bias, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, out += width, x += width)
        for (size_t j = 0; j < width; j++) out[j] = to_bfloat16(gelu(to_float32(x[j]) + bias[j]));
}

SIMD void concord_biased_gelu_pullback(
    float *dx, float *restrict dbias, const float *dy, const float *restrict x, const float *restrict bias, size_t rows,
    size_t width) {
    for (size_t i = 0; i < rows; i++, dx += width, dy += width, x += width)
#pragma clang loop vectorize(assume_safety)
        for (size_t j = 0; j < width; j++) {
            float d = dy[j] * slope(x[j] + bias[j]);
            dx[j] = d;
            dbias[j] += d;
        }
}

SIMD void concord_biased_gelu_pullback_bfloat16(
    uint16_t *dx, float *restrict dbias, const uint16_t *dy, const uint16_t *restrict x, const float *restrict bias,
    size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, dx += width, dy += width, x += width)
#pragma clang loop vectorize(assume_safety)
        for (size_t j = 0; j < width; j++) {
            float d = to_float32(dy[j]) * slope(to_float32(x[j]) + bias[j]);
            dx[j] = to_bfloat16(d);
            dbias[j] += d;
        }
}
