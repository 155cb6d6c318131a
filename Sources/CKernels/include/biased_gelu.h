#ifndef BIASED_GELU_H
#define BIASED_GELU_H

#include <stddef.h>

// out = gelu(x + bias), erf form
void concord_biased_gelu(float *out, const float *x, const float *bias, size_t rows, size_t width);
// dx = dy gelu'(x + bias); its columns' sums are added to dbias.
void concord_biased_gelu_pullback(
    float *dx, float *dbias, const float *dy, const float *x, const float *bias, size_t rows, size_t width);

#endif
