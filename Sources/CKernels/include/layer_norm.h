#ifndef LAYER_NORM_H
#define LAYER_NORM_H

#include <stddef.h>

// Rows of `width` numbers, one after the other; null weight or bias: 1 or 0.

// out = (x - mean) rdev weight + bias, with each row's mean and 1 / sqrt(var + epsilon).
void concord_layer_norm(
    float *out, float *mean, float *rdev, const float *x, const float *weight, const float *bias, float epsilon,
    size_t rows, size_t width);
// dx (null: skipped), and the gradients of weight and bias added to dweight and dbias (null: skipped).
void concord_layer_norm_pullback(
    float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *mean, const float *rdev,
    const float *weight, size_t rows, size_t width);

// out = x / max(|x|, epsilon), with each row's norm.
void concord_l2_norm(float *out, float *norm, const float *x, float epsilon, size_t rows, size_t width);
// dx = (dy - y (y . dy)) / |x|; dy / epsilon where the norm is below it.
void concord_l2_norm_pullback(
    float *dx, const float *dy, const float *y, const float *norm, float epsilon, size_t rows, size_t width);

// to[j] += sum over rows of x[row][j]
void concord_add_columns(float *to, const float *x, size_t rows, size_t width);
// every row of out = bias
void concord_fill_rows(float *out, const float *bias, size_t rows, size_t width);

#endif
