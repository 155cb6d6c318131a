#include "channel_statistics.h"

#include "dispatch.h"
#include "lanes.h"

#include <math.h>

// Sums run in float32 over this many rows, then go to double.
enum { RUN = concord_channel_run };

INLINE void flush(double *to, const lanes *from, size_t count) {
    float values[LANES];
    memcpy(values, from, sizeof values);
    for (size_t i = 0; i < count; i++) to[i] += (double)values[i];
}

// Calls `body(first channel, vectors side by side, channels of the last, ...)` for four vectors at a time, then one,
// then what is left: with constants, so that the compiler knows them.
#define CHANNELS(channels, body, ...)                                                       \
    do {                                                                                    \
        size_t c = 0;                                                                       \
        for (; c + 4 * LANES <= (channels); c += 4 * LANES) body(c, 4, LANES, __VA_ARGS__); \
        for (; c + LANES <= (channels); c += LANES) body(c, 1, LANES, __VA_ARGS__);         \
        if (c < (channels)) body(c, 1, (channels) - c, __VA_ARGS__);                        \
    } while (0)

INLINE void moments(
    size_t c, const size_t width, size_t tail, const void *x, size_t first, size_t rows, size_t channels,
    const float *shift, double *sums, double *squares, const bool is_bfloat16) {
    lanes k[4], s[4], q[4];
    for (size_t v = 0; v < width; v++) {
        load(&k[v], shift + c + v * LANES, v + 1 == width ? tail : LANES);
        s[v] = q[v] = (lanes){0};
    }
    for (size_t r = first; r < first + rows; r++) {
        for (size_t v = 0; v < width; v++) {
            lanes a;
            get(&a, x, r * channels + c + v * LANES, v + 1 == width ? tail : LANES, is_bfloat16);
            a -= k[v];
            s[v] += a;
            q[v] += a * a;
        }
    }
    for (size_t v = 0; v < width; v++) {
        flush(sums + c + v * LANES, &s[v], v + 1 == width ? tail : LANES);
        flush(squares + c + v * LANES, &q[v], v + 1 == width ? tail : LANES);
    }
}

INLINE void all_moments(
    const void *x, size_t rows, size_t channels, const float *shift, double *sums, double *squares,
    const bool is_bfloat16) {
    for (size_t r = 0; r < rows; r += RUN) {
        const size_t n = rows - r < RUN ? rows - r : RUN;
        CHANNELS(channels, moments, x, r, n, channels, shift, sums, squares, is_bfloat16);
    }
}

SIMD void concord_channel_moments(
    const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *shift, double *sums, double *squares) {
    if (is_bfloat16) all_moments(x, rows, channels, shift, sums, squares, true);
    else all_moments(x, rows, channels, shift, sums, squares, false);
}

/// Normalized, scaled and shifted; the same expression everywhere, so that the backward pass finds the forward's signs.
#define AFFINE(x, mean, scale, bias) (((x) - (mean)) * (scale) + (bias))

#define PASSED(x, mask) ((lanes)((integer_lanes)(x) & (mask)))

INLINE void normalize(
    size_t c, const size_t width, size_t tail, void *y, const void *x, const void *residual, size_t at,
    const float *mean, const float *scale, const float *bias, const bool rectify, const bool is_bfloat16,
    bool streams) {
    for (size_t v = 0; v < width; v++, c += LANES) {
        const size_t n = v + 1 == width ? tail : LANES;
        lanes a, m, s, b;
        get(&a, x, at + c, n, is_bfloat16);
        load(&m, mean + c, n);
        load(&s, scale + c, n);
        load(&b, bias + c, n);
        a = AFFINE(a, m, s, b);
        if (residual) {
            lanes r;
            get(&r, residual, at + c, n, is_bfloat16);
            a += r;
        }
        if (rectify) a = PASSED(a, ~(a < 0));
        put_past(y, at + c, &a, n, is_bfloat16, streams);
    }
}

INLINE void normalize_all(
    void *y, const void *x, const void *residual, size_t rows, size_t channels, const float *mean, const float *scale,
    const float *bias, const bool rectify, const bool is_bfloat16, bool streams) {
    for (size_t r = 0; r < rows; r++)
        CHANNELS(channels, normalize, y, x, residual, r * channels, mean, scale, bias, rectify, is_bfloat16, streams);
    if (streams) settle();
}

SIMD void concord_channel_normalize(
    void *y, const void *x, const void *residual, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, bool rectify, bool streams) {
#define NORMALIZE(residual, rectify)                                                                      \
    (is_bfloat16 ? normalize_all(y, x, residual, rows, channels, mean, scale, bias, rectify, true, false) \
                 : normalize_all(y, x, residual, rows, channels, mean, scale, bias, rectify, false, streams))
    if (residual) {
        if (rectify) NORMALIZE(residual, true);
        else NORMALIZE(residual, false);
    } else {
        if (rectify) NORMALIZE(NULL, true);
        else NORMALIZE(NULL, false);
    }
#undef NORMALIZE
}

INLINE void finish(
    size_t c, const size_t width, size_t tail, void *y, const float *bias, const void *residual, size_t at,
    const bool rectify, const bool is_bfloat16) {
    for (size_t v = 0; v < width; v++, c += LANES) {
        const size_t n = v + 1 == width ? tail : LANES;
        lanes a, b;
        get(&a, y, at + c, n, is_bfloat16);
        if (bias) {
            load(&b, bias + c, n);
            a += b;
        }
        if (residual) {
            get(&b, residual, at + c, n, is_bfloat16);
            a += b;
        }
        if (rectify) a = PASSED(a, ~(a < 0));
        put(y, at + c, &a, n, is_bfloat16);
    }
}

SIMD void concord_channel_finish(
    void *y, const float *bias, const void *residual, bool is_bfloat16, size_t rows, size_t channels, bool rectify) {
    for (size_t r = 0; r < rows; r++) {
        if (is_bfloat16) CHANNELS(channels, finish, y, bias, residual, r * channels, rectify, true);
        else CHANNELS(channels, finish, y, bias, residual, r * channels, rectify, false);
    }
}

enum mask { NONE, FROM_OUTPUT, FROM_INPUT };

typedef struct {
    const void *upstream, *x, *rectified;
    const float *mean, *scale, *bias;
    void *masked;
    double *sums, *products;
    bool streams;
} gradient_sums;

INLINE void sum_gradients(
    size_t c, const size_t width, size_t tail, gradient_sums p, size_t first, size_t rows, size_t channels,
    const enum mask mask, const bool is_bfloat16) {
    lanes m[4], a[4], b[4], s[4], q[4];
    for (size_t v = 0; v < width; v++) {
        const size_t n = v + 1 == width ? tail : LANES;
        load(&m[v], p.mean + c + v * LANES, n);
        if (mask == FROM_INPUT) {
            load(&a[v], p.scale + c + v * LANES, n);
            load(&b[v], p.bias + c + v * LANES, n);
        }
        s[v] = q[v] = (lanes){0};
    }
    for (size_t r = first; r < first + rows; r++) {
        for (size_t v = 0; v < width; v++) {
            const size_t n = v + 1 == width ? tail : LANES, at = r * channels + c + v * LANES;
            lanes g, x;
            get(&g, p.upstream, at, n, is_bfloat16);
            get(&x, p.x, at, n, is_bfloat16);
            if (mask == FROM_OUTPUT) {
                lanes y;
                get(&y, p.rectified, at, n, is_bfloat16);
                g = PASSED(g, y > 0);
            }
            if (mask == FROM_INPUT) g = PASSED(g, AFFINE(x, m[v], a[v], b[v]) > 0);
            x -= m[v];
            if (p.masked) put_past(p.masked, at, &g, n, is_bfloat16, p.streams);
            s[v] += g;
            q[v] += g * x;
        }
    }
    for (size_t v = 0; v < width; v++) {
        flush(p.sums + c + v * LANES, &s[v], v + 1 == width ? tail : LANES);
        flush(p.products + c + v * LANES, &q[v], v + 1 == width ? tail : LANES);
    }
}

INLINE void sum_all_gradients(
    gradient_sums p, size_t rows, size_t channels, const enum mask mask, const bool is_bfloat16) {
    for (size_t r = 0; r < rows; r += RUN) {
        const size_t n = rows - r < RUN ? rows - r : RUN;
        CHANNELS(channels, sum_gradients, p, r, n, channels, mask, is_bfloat16);
    }
    if (p.streams) settle();
}

SIMD void concord_channel_gradient_sums(
    const void *upstream, const void *x, const void *rectified, void *masked, bool is_bfloat16, size_t rows,
    size_t channels, const float *mean, double *sums, double *products, bool streams) {
    const gradient_sums p = {upstream, x, rectified, mean, NULL, NULL, masked, sums, products, streams};
    if (rectified) {
        if (is_bfloat16) sum_all_gradients(p, rows, channels, FROM_OUTPUT, true);
        else sum_all_gradients(p, rows, channels, FROM_OUTPUT, false);
    } else {
        if (is_bfloat16) sum_all_gradients(p, rows, channels, NONE, true);
        else sum_all_gradients(p, rows, channels, NONE, false);
    }
}

SIMD void concord_channel_gradient_sums_rectified(
    const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, double *sums, double *products) {
    const gradient_sums p = {upstream, x, NULL, mean, scale, bias, NULL, sums, products, false};
    if (is_bfloat16) sum_all_gradients(p, rows, channels, FROM_INPUT, true);
    else sum_all_gradients(p, rows, channels, FROM_INPUT, false);
}

INLINE void gradient(
    size_t c, const size_t width, size_t tail, void *dx, const void *upstream, const void *x, size_t at,
    const float *mean, const float *scale, const float *bias, const float *constant, const float *slope,
    const bool is_bfloat16, bool streams) {
    for (size_t v = 0; v < width; v++, c += LANES) {
        const size_t n = v + 1 == width ? tail : LANES;
        lanes g, a, m, s, k, l;
        get(&g, upstream, at + c, n, is_bfloat16);
        get(&a, x, at + c, n, is_bfloat16);
        load(&m, mean + c, n);
        load(&s, scale + c, n);
        load(&k, constant + c, n);
        load(&l, slope + c, n);
        if (bias) {
            lanes b;
            load(&b, bias + c, n);
            g = PASSED(g, AFFINE(a, m, s, b) > 0);
        }
        g = s * g - k - (a - m) * l;
        put_past(dx, at + c, &g, n, is_bfloat16, streams);
    }
}

INLINE void gradient_all(
    void *dx, const void *upstream, const void *x, size_t rows, size_t channels, const float *mean, const float *scale,
    const float *bias, const float *constant, const float *slope, const bool is_bfloat16, bool streams) {
    for (size_t r = 0; r < rows; r++)
        CHANNELS(
            channels, gradient, dx, upstream, x, r * channels, mean, scale, bias, constant, slope, is_bfloat16,
            streams);
    if (streams) settle();
}

SIMD void concord_channel_gradient(
    void *dx, const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *constant, const float *slope, bool streams) {
    if (is_bfloat16) gradient_all(dx, upstream, x, rows, channels, mean, scale, NULL, constant, slope, true, false);
    else gradient_all(dx, upstream, x, rows, channels, mean, scale, NULL, constant, slope, false, streams);
}

SIMD void concord_channel_gradient_rectified(
    void *dx, const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, const float *constant, const float *slope, bool streams) {
    if (is_bfloat16) gradient_all(dx, upstream, x, rows, channels, mean, scale, bias, constant, slope, true, false);
    else gradient_all(dx, upstream, x, rows, channels, mean, scale, bias, constant, slope, false, streams);
}
