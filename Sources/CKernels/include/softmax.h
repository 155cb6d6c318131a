#ifndef SOFTMAX_H
#define SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

// Rows of `width` numbers, one after the other.

// out = e^x / sum(e^x); a row of -infinity alone gives zeros.
void concord_softmax(float *out, const float *x, size_t rows, size_t width);
// dx = y (dy - sum(y dy))
void concord_softmax_pullback(float *dx, const float *y, const float *dy, size_t rows, size_t width);
// out = x - log(sum(e^x))
void concord_log_softmax(float *out, const float *x, size_t rows, size_t width);
// dx = dy - e^y sum(dy)
void concord_log_softmax_pullback(float *dx, const float *y, const float *dy, size_t rows, size_t width);
// out[row] = log(sum(e^x))
void concord_log_sum_exp(float *out, const float *x, size_t rows, size_t width);
// dx = dy[row] e^(x - y[row])
void concord_log_sum_exp_pullback(
    float *dx, const float *x, const float *y, const float *dy, size_t rows, size_t width);
// loss[row] = log(sum(e^x)) - (1 - smoothing) x[label] - smoothing mean(x), and the first term as max[row] + rest[row];
// label -1 gives 0.
void concord_cross_entropy(
    float *loss, float *max, float *rest, const float *x, const int32_t *labels, float smoothing, size_t rows,
    size_t width);
// dx = factor (e^(x - max[row] - rest[row]) - (1 - smoothing) [j = label] - smoothing / width); label -1 gives 0.
void concord_cross_entropy_pullback(
    float *dx, const float *x, const float *max, const float *rest, const int32_t *labels, float smoothing,
    float factor, size_t rows, size_t width);

#endif
