#include "recurrence.h"

#include "dispatch.h"
#include "elementary.h"
#include "lanes.h"

#include <stdbool.h>

INLINE bool stands(const concord_recurrent_place *place, size_t row) { return place->mask && !place->mask[row * place->steps]; }

INLINE void gru_row(
    float *restrict h, float *restrict y, float *restrict trail, const float *restrict x, const float *restrict g,
    const float *restrict b, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float r = element_sigmoid(x[j] + (g[j] + b[j])), z = element_sigmoid(x[n + j] + (g[n + j] + b[n + j]));
        const float q = g[2 * n + j] + b[2 * n + j], c = element_tanh(x[2 * n + j] + r * q), before = h[j];
        const float after = c + z * (before - c);
        trail[j] = r;
        trail[n + j] = z;
        trail[2 * n + j] = c;
        trail[3 * n + j] = q;
        trail[4 * n + j] = before;
        h[j] = after;
        y[j] = after;
    }
}

SIMD void concord_gru_forward(const concord_gru_step *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *y = s->output + i * steps * n, *trail = s->trail + i * s->trail_stride;
        if (stands(&s->place, i)) {
            memset(y, 0, n * sizeof *y);
            if (s->trail_stride) memset(trail, 0, 5 * n * sizeof *trail);
        } else {
            gru_row(s->state + i * n, y, trail, s->inputs + i * steps * 3 * n, s->products + i * 3 * n, s->bias, n);
        }
    }
}

INLINE void gru_row_pullback(
    float *restrict carry, float *restrict products, float *restrict dx, float *restrict candidate, const float *restrict dy,
    const float *restrict trail, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float r = trail[j], z = trail[n + j], c = trail[2 * n + j], q = trail[3 * n + j], before = trail[4 * n + j];
        const float dh = dy[j] + carry[j];
        const float dc = dh * (1.0f - z) * (1.0f - c * c), dz = dh * (before - c) * (z * (1.0f - z));
        const float dr = dc * q * (r * (1.0f - r)), dq = dc * r;
        carry[j] = dh * z;
        products[j] = dr;
        products[n + j] = dz;
        products[2 * n + j] = dq;
        dx[j] = dr;
        dx[n + j] = dz;
        dx[2 * n + j] = dc;
        candidate[j] = dq;
    }
}

SIMD void concord_gru_backward(const concord_gru_pullback *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *products = s->products + i * 3 * n, *dx = s->inputs + i * steps * 3 * n, *candidate = s->candidate + i * steps * n;
        if (stands(&s->place, i)) {
            memset(products, 0, 3 * n * sizeof *products);
            memset(dx, 0, 3 * n * sizeof *dx);
            memset(candidate, 0, n * sizeof *candidate);
        } else {
            gru_row_pullback(
                s->carry + i * n, products, dx, candidate, s->upstream + i * steps * n, s->trail + i * steps * 5 * n, n);
        }
    }
}

INLINE void lstm_row(
    float *restrict h, float *restrict cell, float *restrict y, float *restrict trail, const float *restrict x, const float *restrict p,
    size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float i = element_sigmoid(x[j] + p[j]), f = element_sigmoid(x[n + j] + p[n + j]);
        const float g = element_tanh(x[2 * n + j] + p[2 * n + j]), o = element_sigmoid(x[3 * n + j] + p[3 * n + j]);
        const float before = cell[j], c = f * before + i * g, after = o * element_tanh(c);
        trail[j] = i;
        trail[n + j] = f;
        trail[2 * n + j] = g;
        trail[3 * n + j] = o;
        trail[4 * n + j] = before;
        trail[5 * n + j] = h[j];
        cell[j] = c;
        h[j] = after;
        y[j] = after;
    }
}

SIMD void concord_lstm_forward(const concord_lstm_step *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *y = s->output + i * steps * n, *trail = s->trail + i * s->trail_stride;
        if (stands(&s->place, i)) {
            memset(y, 0, n * sizeof *y);
            if (s->trail_stride) memset(trail, 0, 6 * n * sizeof *trail);
        } else {
            lstm_row(s->state + i * n, s->cell + i * n, y, trail, s->inputs + i * steps * 4 * n, s->products + i * 4 * n, n);
        }
    }
}

INLINE void lstm_row_pullback(
    float *restrict carry, float *restrict cell, float *restrict products, float *restrict dx, const float *restrict dy,
    const float *restrict trail, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float i = trail[j], f = trail[n + j], g = trail[2 * n + j], o = trail[3 * n + j], before = trail[4 * n + j];
        const float t = element_tanh(f * before + i * g), dh = dy[j] + carry[j];
        const float dc = cell[j] + dh * o * (1.0f - t * t);
        const float di = dc * g * (i * (1.0f - i)), df = dc * before * (f * (1.0f - f));
        const float dg = dc * i * (1.0f - g * g), d0 = dh * t * (o * (1.0f - o));
        cell[j] = dc * f;
        carry[j] = 0;
        products[j] = di;
        products[n + j] = df;
        products[2 * n + j] = dg;
        products[3 * n + j] = d0;
        dx[j] = di;
        dx[n + j] = df;
        dx[2 * n + j] = dg;
        dx[3 * n + j] = d0;
    }
}

SIMD void concord_lstm_backward(const concord_lstm_pullback *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *products = s->products + i * 4 * n, *dx = s->inputs + i * steps * 4 * n;
        if (stands(&s->place, i)) {
            memset(products, 0, 4 * n * sizeof *products);
            memset(dx, 0, 4 * n * sizeof *dx);
        } else {
            lstm_row_pullback(
                s->carry + i * n, s->cell_carry + i * n, products, dx, s->upstream + i * steps * n, s->trail + i * steps * 6 * n, n);
        }
    }
}
