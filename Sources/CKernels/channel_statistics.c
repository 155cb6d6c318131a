#include "ChannelStatistics.h"

#include "dispatch.h"
#include "lanes.h"

#include <math.h>

// Sums run in float32 over this many rows, then go to double.
enum { RUN = 128 };

INLINE void flush(double *to, const lanes *from, size_t count) {
    float values[LANES];
    memcpy(values, from, sizeof values);
    for (size_t i = 0; i < count; i++) to[i] += (double)values[i];
}

/// `width` vectors of channels side by side, the last of them with `tail` channels.
INLINE void moments(
    const float *x, size_t rows, size_t channels, const float *shift, double *sums, double *squares, const size_t width, size_t tail) {
    lanes k[4], s[4], q[4];
    for (size_t v = 0; v < width; v++) {
        load(&k[v], shift + v * LANES, v + 1 == width ? tail : LANES);
        s[v] = q[v] = (lanes){0};
    }
    for (size_t r = 0; r < rows; r++, x += channels) {
        for (size_t v = 0; v < width; v++) {
            lanes a;
            load(&a, x + v * LANES, v + 1 == width ? tail : LANES);
            a -= k[v];
            s[v] += a;
            q[v] += a * a;
        }
    }
    for (size_t v = 0; v < width; v++) {
        flush(sums + v * LANES, &s[v], v + 1 == width ? tail : LANES);
        flush(squares + v * LANES, &q[v], v + 1 == width ? tail : LANES);
    }
}

SIMD void concord_channel_moments(
    const float *x, size_t rows, size_t channels, const float *shift, double *sums, double *squares) {
    for (size_t r = 0; r < rows; r += RUN) {
        const size_t n = rows - r < RUN ? rows - r : RUN;
        const float *at = x + r * channels;
        size_t c = 0;
        for (; c + 4 * LANES <= channels; c += 4 * LANES) moments(at + c, n, channels, shift + c, sums + c, squares + c, 4, LANES);
        for (; c + LANES <= channels; c += LANES) moments(at + c, n, channels, shift + c, sums + c, squares + c, 1, LANES);
        if (c < channels) moments(at + c, n, channels, shift + c, sums + c, squares + c, 1, channels - c);
    }
}

/// Normalised, scaled and shifted; the same expression everywhere, so that the backward pass finds the forward's signs.
INLINE float affine(float x, float mean, float scale, float bias) { return (x - mean) * scale + bias; }

SIMD void concord_channel_normalize(
    float *restrict y, const float *restrict x, const float *restrict residual, size_t rows, size_t channels, const float *restrict mean,
    const float *restrict scale, const float *restrict bias, bool rectify) {
    for (size_t r = 0; r < rows; r++, x += channels, y += channels) {
        if (residual) {
            if (rectify) {
                for (size_t c = 0; c < channels; c++) {
                    const float a = affine(x[c], mean[c], scale[c], bias[c]) + residual[c];
                    y[c] = a < 0 ? 0 : a;
                }
            } else {
                for (size_t c = 0; c < channels; c++) y[c] = affine(x[c], mean[c], scale[c], bias[c]) + residual[c];
            }
            residual += channels;
        } else if (rectify) {
            for (size_t c = 0; c < channels; c++) {
                const float a = affine(x[c], mean[c], scale[c], bias[c]);
                y[c] = a < 0 ? 0 : a;
            }
        } else {
            for (size_t c = 0; c < channels; c++) y[c] = affine(x[c], mean[c], scale[c], bias[c]);
        }
    }
}

SIMD void concord_channel_finish(
    float *restrict y, const float *restrict bias, const float *restrict residual, size_t rows, size_t channels, bool rectify) {
    const float least = rectify ? 0 : -INFINITY;
    for (size_t r = 0; r < rows; r++, y += channels) {
        if (bias) {
            for (size_t c = 0; c < channels; c++) y[c] += bias[c];
        }
        if (residual) {
            for (size_t c = 0; c < channels; c++) y[c] += residual[c];
            residual += channels;
        }
        for (size_t c = 0; c < channels; c++) y[c] = y[c] < least ? least : y[c];
    }
}

enum mask { NONE, FROM_OUTPUT, FROM_INPUT };

typedef struct {
    const float *upstream, *x, *rectified, *mean, *scale, *bias;
    float *masked;
    double *sums, *products;
} gradient_sums;

INLINE void sum_gradients(gradient_sums p, size_t rows, size_t channels, const size_t width, size_t tail, const enum mask mask) {
    lanes m[4], a[4], b[4], s[4], q[4];
    for (size_t v = 0; v < width; v++) {
        const size_t n = v + 1 == width ? tail : LANES;
        load(&m[v], p.mean + v * LANES, n);
        if (mask == FROM_INPUT) {
            load(&a[v], p.scale + v * LANES, n);
            load(&b[v], p.bias + v * LANES, n);
        }
        s[v] = q[v] = (lanes){0};
    }
    for (size_t r = 0; r < rows; r++) {
        for (size_t v = 0; v < width; v++) {
            const size_t n = v + 1 == width ? tail : LANES, at = r * channels + v * LANES;
            lanes g, x;
            load(&g, p.upstream + at, n);
            load(&x, p.x + at, n);
            x -= m[v];
            if (mask == FROM_OUTPUT) {
                lanes y;
                load(&y, p.rectified + at, n);
                g = (lanes)((integer_lanes)g & (y > 0));
            }
            if (mask == FROM_INPUT) g = (lanes)((integer_lanes)g & (x * a[v] + b[v] > 0));
            if (p.masked) store(p.masked + at, &g, n);
            s[v] += g;
            q[v] += g * x;
        }
    }
    for (size_t v = 0; v < width; v++) {
        flush(p.sums + v * LANES, &s[v], v + 1 == width ? tail : LANES);
        flush(p.products + v * LANES, &q[v], v + 1 == width ? tail : LANES);
    }
}

INLINE gradient_sums offset(gradient_sums p, size_t element, size_t channel) {
    p.upstream += element + channel;
    p.x += element + channel;
    if (p.rectified) p.rectified += element + channel;
    if (p.masked) p.masked += element + channel;
    p.mean += channel;
    if (p.scale) p.scale += channel;
    if (p.bias) p.bias += channel;
    p.sums += channel;
    p.products += channel;
    return p;
}

INLINE void sum_all_gradients(gradient_sums p, size_t rows, size_t channels, const enum mask mask) {
    for (size_t r = 0; r < rows; r += RUN) {
        const size_t n = rows - r < RUN ? rows - r : RUN;
        size_t c = 0;
        for (; c + 4 * LANES <= channels; c += 4 * LANES) sum_gradients(offset(p, r * channels, c), n, channels, 4, LANES, mask);
        for (; c + LANES <= channels; c += LANES) sum_gradients(offset(p, r * channels, c), n, channels, 1, LANES, mask);
        if (c < channels) sum_gradients(offset(p, r * channels, c), n, channels, 1, channels - c, mask);
    }
}

SIMD void concord_channel_gradient_sums(
    const float *upstream, const float *x, const float *rectified, float *masked, size_t rows, size_t channels, const float *mean,
    double *sums, double *products) {
    const gradient_sums p = {upstream, x, rectified, mean, NULL, NULL, masked, sums, products};
    if (rectified) {
        sum_all_gradients(p, rows, channels, FROM_OUTPUT);
    } else {
        sum_all_gradients(p, rows, channels, NONE);
    }
}

SIMD void concord_channel_gradient_sums_rectified(
    const float *upstream, const float *x, size_t rows, size_t channels, const float *mean, const float *scale, const float *bias,
    double *sums, double *products) {
    sum_all_gradients((gradient_sums){upstream, x, NULL, mean, scale, bias, NULL, sums, products}, rows, channels, FROM_INPUT);
}

SIMD void concord_channel_gradient(
    float *restrict dx, const float *restrict upstream, const float *restrict x, size_t rows, size_t channels,
    const float *restrict mean, const float *restrict scale, const float *restrict constant, const float *restrict slope) {
    for (size_t r = 0; r < rows; r++, x += channels, dx += channels, upstream += channels) {
        for (size_t c = 0; c < channels; c++) dx[c] = scale[c] * upstream[c] - constant[c] - (x[c] - mean[c]) * slope[c];
    }
}

SIMD void concord_channel_gradient_rectified(
    float *restrict dx, const float *restrict upstream, const float *restrict x, size_t rows, size_t channels,
    const float *restrict mean, const float *restrict scale, const float *restrict bias, const float *restrict constant,
    const float *restrict slope) {
    for (size_t r = 0; r < rows; r++, x += channels, dx += channels, upstream += channels) {
        for (size_t c = 0; c < channels; c++) {
            const float g = affine(x[c], mean[c], scale[c], bias[c]) > 0 ? upstream[c] : 0;
            dx[c] = scale[c] * g - constant[c] - (x[c] - mean[c]) * slope[c];
        }
    }
}
