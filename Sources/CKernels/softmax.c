#include "softmax.h"
#include "dispatch.h"
#include "row_math.h"

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

// log(sum(e^x)) in two parts, the second returned: their sum would lose the digits in which a logit near it differs.
static inline __attribute__((always_inline)) float log_sum(const float *x, float *max, size_t width) {
#pragma clang fp reassociate(on)
    const float top = row_max(x, width);
    *max = top;
    if (!(top > -INFINITY && top < INFINITY)) return 0;
    float sum = 0;
    for (size_t j = 0; j < width; j++) sum += row_exp(x[j] - top);
    return logf(sum);
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
        float max, rest = log_sum(x, &max, width);
        for (size_t j = 0; j < width; j++) out[j] = (x[j] - max) - rest;
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
    for (size_t i = 0; i < rows; i++) {
        float max, rest = log_sum(x + i * width, &max, width);
        out[i] = max + rest;
    }
}

SIMD void concord_log_sum_exp_pullback(
    float *dx, const float *x, const float *y, const float *dy, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, dx += width, x += width) {
        float shift = y[i] == -INFINITY ? 0 : y[i], up = dy[i];
        for (size_t j = 0; j < width; j++) dx[j] = up * row_exp(x[j] - shift);
    }
}

// The mean of max - x.
static inline __attribute__((always_inline)) float mean_below(const float *x, float max, size_t width) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (size_t j = 0; j < width; j++) sum += max - x[j];
    return sum / (float)width;
}

SIMD void concord_cross_entropy(
    float *loss, float *max, float *rest, const float *x, const int32_t *labels, float smoothing, size_t rows,
    size_t width) {
    for (size_t i = 0; i < rows; i++, x += width) {
        if (labels[i] < 0) {
            loss[i] = max[i] = rest[i] = 0;
            continue;
        }
        rest[i] = log_sum(x, max + i, width);
        const float mean = smoothing > 0 ? mean_below(x, max[i], width) : 0;
        loss[i] = (1 - smoothing) * (max[i] - x[labels[i]]) + smoothing * mean + rest[i];
    }
}

SIMD void concord_cross_entropy_pullback(
    float *dx, const float *x, const float *max, const float *rest, const int32_t *labels, float smoothing,
    float factor, size_t rows, size_t width) {
    const float base = factor * smoothing / (float)width;
    for (size_t i = 0; i < rows; i++, dx += width, x += width) {
        if (labels[i] < 0) {
            memset(dx, 0, width * sizeof *dx);
            continue;
        }
        const float top = max[i], log_sum = rest[i];
        for (size_t j = 0; j < width; j++) dx[j] = factor * row_exp((x[j] - top) - log_sum) - base;
        dx[labels[i]] -= factor * (1 - smoothing);
    }
}
