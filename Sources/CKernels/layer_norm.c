#include "layer_norm.h"
#include "dispatch.h"

#include <math.h>
#include <string.h>

SIMD void concord_layer_norm(
    float *out, float *mean, float *rdev, const float *x, const float *weight, const float *bias, float epsilon,
    size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, out += width, x += width) {
        float sum = 0, squares = 0;
        for (size_t j = 0; j < width; j++) sum += x[j];
        float m = sum / (float)width;
        for (size_t j = 0; j < width; j++) squares += (x[j] - m) * (x[j] - m);
        float r = 1 / sqrtf(squares / (float)width + epsilon);
        mean[i] = m;
        rdev[i] = r;
        if (weight && bias) {
            for (size_t j = 0; j < width; j++) out[j] = (x[j] - m) * r * weight[j] + bias[j];
        } else if (weight) {
            for (size_t j = 0; j < width; j++) out[j] = (x[j] - m) * r * weight[j];
        } else if (bias) {
            for (size_t j = 0; j < width; j++) out[j] = (x[j] - m) * r + bias[j];
        } else {
            for (size_t j = 0; j < width; j++) out[j] = (x[j] - m) * r;
        }
    }
}

SIMD void concord_layer_norm_pullback(
    float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *mean, const float *rdev,
    const float *weight, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, dy += width, x += width) {
        float m = mean[i], r = rdev[i];
        if (dweight)
            for (size_t j = 0; j < width; j++) dweight[j] += dy[j] * (x[j] - m) * r;
        if (dbias)
            for (size_t j = 0; j < width; j++) dbias[j] += dy[j];
        if (!dx) continue;
        float sum = 0, dot = 0;
        if (weight) {
            for (size_t j = 0; j < width; j++) {
                float g = dy[j] * weight[j];
                sum += g;
                dot += g * ((x[j] - m) * r);
            }
        } else {
            for (size_t j = 0; j < width; j++) {
                sum += dy[j];
                dot += dy[j] * ((x[j] - m) * r);
            }
        }
        sum /= (float)width;
        dot /= (float)width;
        if (weight) {
            for (size_t j = 0; j < width; j++) dx[j] = r * (dy[j] * weight[j] - sum - (x[j] - m) * r * dot);
        } else {
            for (size_t j = 0; j < width; j++) dx[j] = r * (dy[j] - sum - (x[j] - m) * r * dot);
        }
        dx += width;
    }
}

SIMD void concord_l2_norm(float *out, float *norm, const float *x, float epsilon, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, out += width, x += width) {
        float squares = 0;
        for (size_t j = 0; j < width; j++) squares += x[j] * x[j];
        float n = sqrtf(squares);
        if (!(n > 1e-15f && n < 1e18f)) {  // squares may have left float32's range
            double wide = 0;
            for (size_t j = 0; j < width; j++) wide += (double)x[j] * x[j];
            n = (float)sqrt(wide);
        }
        norm[i] = n;
        float factor = 1 / (n < epsilon ? epsilon : n);
        for (size_t j = 0; j < width; j++) out[j] = x[j] * factor;
    }
}

SIMD void concord_l2_norm_pullback(
    float *dx, const float *dy, const float *y, const float *norm, float epsilon, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, dx += width, dy += width, y += width) {
        float dot = 0;
        if (norm[i] >= epsilon)
            for (size_t j = 0; j < width; j++) dot += y[j] * dy[j];
        float factor = 1 / (norm[i] < epsilon ? epsilon : norm[i]);
        for (size_t j = 0; j < width; j++) dx[j] = (dy[j] - y[j] * dot) * factor;
    }
}

SIMD void concord_add_columns(float *restrict to, const float *restrict x, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, x += width)
        for (size_t j = 0; j < width; j++) to[j] += x[j];
}

SIMD void concord_fill_rows(float *out, const float *bias, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++) memcpy(out + i * width, bias, width * sizeof *bias);
}
