#ifndef BIASED_GELU_H
#define BIASED_GELU_H

#include <stddef.h>
#include <stdint.h>

// out = gelu(x + bias), erf form, in float32 and in bfloat16, which is computed in float32.
void concord_biased_gelu(float *out, const float *x, const float *bias, size_t rows, size_t width);
void concord_biased_gelu_bfloat16(uint16_t *out, const uint16_t *x, const float *bias, size_t rows, size_t width);
// dx = dy gelu'(x + bias), which may be dy itself; its columns' sums, before they are rounded, are added to dbias.
void concord_biased_gelu_pullback(
    float *dx, float *dbias, const float *dy, const float *x, const float *bias, size_t rows, size_t width);
void concord_biased_gelu_pullback_bfloat16(
    uint16_t *dx, float *dbias, const uint16_t *dy, const uint16_t *x, const float *bias, size_t rows, size_t width);

#endif
