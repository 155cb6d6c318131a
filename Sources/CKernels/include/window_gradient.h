// Sums over the windows of a convolution that hold few numbers each.
#ifndef WINDOWS_H
#define WINDOWS_H

#include <stddef.h>

/// The gradient of a convolution's weights over `windows` windows of `width` neighboring numbers, `step` apart: adds
/// the sum of x[i * step + k] * upstream[i, f] to `weight[k, f]`, and that of upstream[i, f] to `bias[f]`.
void concord_window_gradient(
    float *weight, float *bias, const float *x, const float *upstream, size_t windows, size_t step, size_t width,
    size_t filters);

#endif
