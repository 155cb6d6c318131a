#include "biased_gelu.h"
#include "dispatch.h"
#include "row_math.h"

SIMD void concord_biased_gelu(
    float *restrict out, const float *restrict x, const float *restrict bias, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, out += width, x += width)
        for (size_t j = 0; j < width; j++) {
            float a = x[j] + bias[j];
            out[j] = 0.5f * a * (1 + row_erf(a * 0.707106781f));
        }
}

SIMD void concord_biased_gelu_pullback(
    float *restrict dx, float *restrict dbias, const float *restrict dy, const float *restrict x,
    const float *restrict bias, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, dx += width, dy += width, x += width)
        for (size_t j = 0; j < width; j++) {
            float a = x[j] + bias[j];
            float slope = 0.5f * (1 + row_erf(a * 0.707106781f)) + a * 0.398942280f * row_exp(-0.5f * a * a);
            float d = dy[j] * slope;
            dx[j] = d;
            dbias[j] += d;
        }
}
