#include "recurrence.h"

#include "dispatch.h"
#include "elementary.h"
#include "lanes.h"

#include <stdbool.h>

INLINE bool is_skipped(const concord_recurrent_place *place, size_t row) {
    return place->mask && !place->mask[row * place->steps];
}

INLINE void gru_row(
    float *restrict h, float *restrict y, float *restrict saved, const float *restrict x, const float *restrict g,
    const float *restrict b, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float r = element_sigmoid(x[j] + (g[j] + b[j])), z = element_sigmoid(x[n + j] + (g[n + j] + b[n + j]));
        const float q = g[2 * n + j] + b[2 * n + j], c = element_tanh(x[2 * n + j] + r * q), before = h[j];
        const float after = c + z * (before - c);
        saved[j] = r;
        saved[n + j] = z;
        saved[2 * n + j] = c;
        saved[3 * n + j] = q;
        saved[4 * n + j] = before;
        h[j] = after;
        y[j] = after;
    }
}

SIMD void concord_gru_forward(const concord_gru_step *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *y = s->output + i * steps * n, *saved = s->saved + i * s->saved_stride;
        if (is_skipped(&s->place, i)) {
            memset(y, 0, n * sizeof *y);
            if (s->saved_stride) memset(saved, 0, 5 * n * sizeof *saved);
        } else {
            gru_row(s->state + i * n, y, saved, s->inputs + i * steps * 3 * n, s->state_gates + i * 3 * n, s->bias, n);
        }
    }
}

INLINE void gru_row_pullback(
    float *restrict carry, float *restrict state_gates, float *restrict dx, float *restrict candidate,
    const float *restrict dy, const float *restrict saved, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float r = saved[j], z = saved[n + j], c = saved[2 * n + j], q = saved[3 * n + j],
                    before = saved[4 * n + j];
        const float dh = dy[j] + carry[j];
        const float dc = dh * (1.0f - z) * (1.0f - c * c), dz = dh * (before - c) * (z * (1.0f - z));
        const float dr = dc * q * (r * (1.0f - r)), dq = dc * r;
        carry[j] = dh * z;
        state_gates[j] = dr;
        state_gates[n + j] = dz;
        state_gates[2 * n + j] = dq;
        dx[j] = dr;
        dx[n + j] = dz;
        dx[2 * n + j] = dc;
        candidate[j] = dq;
    }
}

SIMD void concord_gru_backward(const concord_gru_pullback *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *state_gates = s->state_gates + i * 3 * n, *dx = s->inputs + i * steps * 3 * n,
              *candidate = s->candidate + i * steps * n;
        if (is_skipped(&s->place, i)) {
            memset(state_gates, 0, 3 * n * sizeof *state_gates);
            memset(dx, 0, 3 * n * sizeof *dx);
            memset(candidate, 0, n * sizeof *candidate);
        } else {
            gru_row_pullback(
                s->carry + i * n, state_gates, dx, candidate, s->upstream + i * steps * n, s->saved + i * steps * 5 * n,
                n);
        }
    }
}

INLINE void lstm_row(
    float *restrict h, float *restrict cell, float *restrict y, float *restrict saved, const float *restrict x,
    const float *restrict p, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float i = element_sigmoid(x[j] + p[j]), f = element_sigmoid(x[n + j] + p[n + j]);
        const float g = element_tanh(x[2 * n + j] + p[2 * n + j]), o = element_sigmoid(x[3 * n + j] + p[3 * n + j]);
        const float before = cell[j], c = f * before + i * g, after = o * element_tanh(c);
        saved[j] = i;
        saved[n + j] = f;
        saved[2 * n + j] = g;
        saved[3 * n + j] = o;
        saved[4 * n + j] = before;
        saved[5 * n + j] = h[j];
        cell[j] = c;
        h[j] = after;
        y[j] = after;
    }
}

SIMD void concord_lstm_forward(const concord_lstm_step *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *y = s->output + i * steps * n, *saved = s->saved + i * s->saved_stride;
        if (is_skipped(&s->place, i)) {
            memset(y, 0, n * sizeof *y);
            if (s->saved_stride) memset(saved, 0, 6 * n * sizeof *saved);
        } else {
            lstm_row(
                s->state + i * n, s->cell + i * n, y, saved, s->inputs + i * steps * 4 * n, s->state_gates + i * 4 * n,
                n);
        }
    }
}

INLINE void lstm_row_pullback(
    float *restrict carry, float *restrict cell, float *restrict state_gates, float *restrict dx,
    const float *restrict dy, const float *restrict saved, size_t n) {
    for (size_t j = 0; j < n; j++) {
        const float i = saved[j], f = saved[n + j], g = saved[2 * n + j], o = saved[3 * n + j],
                    before = saved[4 * n + j];
        const float t = element_tanh(f * before + i * g), dh = dy[j] + carry[j];
        const float dc = cell[j] + dh * o * (1.0f - t * t);
        const float di = dc * g * (i * (1.0f - i)), df = dc * before * (f * (1.0f - f));
        const float dg = dc * i * (1.0f - g * g), d0 = dh * t * (o * (1.0f - o));
        cell[j] = dc * f;
        carry[j] = 0;
        state_gates[j] = di;
        state_gates[n + j] = df;
        state_gates[2 * n + j] = dg;
        state_gates[3 * n + j] = d0;
        dx[j] = di;
        dx[n + j] = df;
        dx[2 * n + j] = dg;
        dx[3 * n + j] = d0;
    }
}

SIMD void concord_lstm_backward(const concord_lstm_pullback *s) {
    const size_t n = s->place.hidden, steps = s->place.steps;
    for (size_t i = 0; i < s->place.rows; i++) {
        float *state_gates = s->state_gates + i * 4 * n, *dx = s->inputs + i * steps * 4 * n;
        if (is_skipped(&s->place, i)) {
            memset(state_gates, 0, 4 * n * sizeof *state_gates);
            memset(dx, 0, 4 * n * sizeof *dx);
        } else {
            lstm_row_pullback(
                s->carry + i * n, s->cell_carry + i * n, state_gates, dx, s->upstream + i * steps * n,
                s->saved + i * steps * 6 * n, n);
        }
    }
}
