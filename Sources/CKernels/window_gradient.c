#include "window_gradient.h"

#include "dispatch.h"
#include "lanes.h"

// Windows whose upstream gradients stay in the innermost caches while every number of the windows meets them.
enum { RUN = 64 };

/// `width` numbers of each window by two vectors of filters, of which the first `count` filters are there.
INLINE void gradient(
    float *weight, float *bias, const float *x, const float *upstream, size_t windows, size_t step, const size_t width,
    size_t filters, size_t count) {
    const size_t first = count < LANES ? count : LANES, second = count - first;
    lanes a[10], b[10], p = {0}, q = {0};
    for (size_t k = 0; k < width; k++) {
        load(&a[k], weight + k * filters, first);
        load(&b[k], weight + k * filters + first, second);
    }
    for (size_t i = 0; i < windows; i++, x += step, upstream += filters) {
        lanes u, v;
        load(&u, upstream, first);
        load(&v, upstream + first, second);
        for (size_t k = 0; k < width; k++) {
            a[k] += u * x[k];
            b[k] += v * x[k];
        }
        p += u;
        q += v;
    }
    for (size_t k = 0; k < width; k++) {
        store(weight + k * filters, &a[k], first);
        store(weight + k * filters + first, &b[k], second);
    }
    if (bias) {
        lanes s, t;
        load(&s, bias, first);
        load(&t, bias + first, second);
        s += p;
        t += q;
        store(bias, &s, first);
        store(bias + first, &t, second);
    }
}

INLINE void all_filters(
    float *weight, float *bias, const float *x, const float *upstream, size_t windows, size_t step, const size_t width,
    size_t filters) {
    size_t f = 0;
    for (; f + 2 * LANES <= filters; f += 2 * LANES)
        gradient(weight + f, bias ? bias + f : NULL, x, upstream + f, windows, step, width, filters, 2 * LANES);
    if (f < filters)
        gradient(weight + f, bias ? bias + f : NULL, x, upstream + f, windows, step, width, filters, filters - f);
}

SIMD void concord_window_gradient(
    float *weight, float *bias, const float *x, const float *upstream, size_t windows, size_t step, size_t width,
    size_t filters) {
    for (size_t i = 0; i < windows; i += RUN) {
        const size_t n = windows - i < RUN ? windows - i : RUN;
        const float *at = x + i * step, *up = upstream + i * filters;
        size_t k = 0;
        for (; k + 10 <= width; k += 10)
            all_filters(weight + k * filters, k ? NULL : bias, at + k, up, n, step, 10, filters);
        for (; k + 5 <= width; k += 5)
            all_filters(weight + k * filters, k ? NULL : bias, at + k, up, n, step, 5, filters);
        for (; k < width; k++) all_filters(weight + k * filters, k ? NULL : bias, at + k, up, n, step, 1, filters);
    }
}
