#include "Softmax.h"
#include "dispatch.h"
#include "rowmath.h"

// e^(x - shift) into out, and the sum of it.
static inline __attribute__((always_inline)) float exponentials(float *out, const float *x, float shift, size_t width) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (size_t j = 0; j < width; j++) {
        float e = row_exp(x[j] - shift);
        out[j] = e;
        sum += e;
    }
    return sum;
}

static inline __attribute__((always_inline)) float log_sum(const float *x, size_t width) {
#pragma clang fp reassociate(on)
    float max = row_max(x, width);
    if (!(max > -INFINITY && max < INFINITY)) return max;
    float sum = 0;
    for (size_t j = 0; j < width; j++) sum += row_exp(x[j] - max);
    return max + logf(sum);
}

SIMD void concord_softmax(float *out, const float *x, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, out += width, x += width) {
        float max = row_max(x, width);
        if (max == -INFINITY) max = 0;
        float sum = exponentials(out, x, max, width);
        float factor = sum == 0 ? 0 : 1 / sum;
        for (size_t j = 0; j < width; j++) out[j] *= factor;
    }
}

SIMD void concord_softmax_pullback(float *dx, const float *y, const float *dy, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, dx += width, y += width, dy += width) {
        float dot = 0;
        for (size_t j = 0; j < width; j++) dot += y[j] * dy[j];
        for (size_t j = 0; j < width; j++) dx[j] = y[j] * (dy[j] - dot);
    }
}

SIMD void concord_log_softmax(float *out, const float *x, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, out += width, x += width) {
        float sum = log_sum(x, width);
        for (size_t j = 0; j < width; j++) out[j] = x[j] - sum;
    }
}

SIMD void concord_log_softmax_pullback(float *dx, const float *y, const float *dy, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, dx += width, y += width, dy += width) {
        float sum = 0;
        for (size_t j = 0; j < width; j++) sum += dy[j];
        for (size_t j = 0; j < width; j++) dx[j] = dy[j] - row_exp(y[j]) * sum;
    }
}

SIMD void concord_log_sum_exp(float *out, const float *x, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++) out[i] = log_sum(x + i * width, width);
}

SIMD void concord_log_sum_exp_pullback(float *dx, const float *x, const float *y, const float *dy, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, dx += width, x += width) {
        float shift = y[i] == -INFINITY ? 0 : y[i], up = dy[i];
        for (size_t j = 0; j < width; j++) dx[j] = up * row_exp(x[j] - shift);
    }
}

SIMD void concord_cross_entropy(
    float *loss, float *logsum, const float *x, const int32_t *labels, float smoothing, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, x += width) {
        if (labels[i] < 0) {
            loss[i] = logsum[i] = 0;
            continue;
        }
        float log_z = log_sum(x, width), mean = 0;
        if (smoothing > 0) {
            for (size_t j = 0; j < width; j++) mean += log_z - x[j];
            mean /= (float)width;
        }
        logsum[i] = log_z;
        loss[i] = (1 - smoothing) * (log_z - x[labels[i]]) + smoothing * mean;
    }
}

SIMD void concord_cross_entropy_pullback(
    float *dx, const float *x, const float *logsum, const int32_t *labels, float smoothing, float factor, size_t rows, size_t width) {
    const float base = factor * smoothing / (float)width;
    for (size_t i = 0; i < rows; i++, dx += width, x += width) {
        if (labels[i] < 0) {
            memset(dx, 0, width * sizeof *dx);
            continue;
        }
        float shift = logsum[i];
        for (size_t j = 0; j < width; j++) dx[j] = factor * row_exp(x[j] - shift) - base;
        dx[labels[i]] -= factor * (1 - smoothing);
    }
}
