#include "fourier.h"

#include "dispatch.h"
#include "lanes.h"

// Source: Stockham's autosort transform, as in Van Loan 1992, "Computational Frameworks for the Fast Fourier
// Transform", section 1.7.

// `count` floats of each part for one output frequency of the passes before: inputs lie `gap` floats apart, outputs
// `step`.
typedef struct {
    float *restrict to_real, *restrict to_imaginary;
    const float *restrict from_real, *restrict from_imaginary;
    size_t count, gap, step;
} run;

INLINE void pass2(run r, float c, float s) {
    for (size_t i = 0; i < r.count; i++) {
        const float a = r.from_real[i], b = r.from_imaginary[i];
        const float x = r.from_real[i + r.gap], y = r.from_imaginary[i + r.gap];
        const float u = x * c - y * s, v = x * s + y * c;
        r.to_real[i] = a + u, r.to_imaginary[i] = b + v;
        r.to_real[i + r.step] = a - u, r.to_imaginary[i + r.step] = b - v;
    }
}

INLINE void pass4(run r, const float *c, const float *s) {
    for (size_t i = 0; i < r.count; i++) {
        float x[4], y[4];
        x[0] = r.from_real[i], y[0] = r.from_imaginary[i];
        for (int t = 1; t < 4; t++) {
            const float a = r.from_real[i + t * r.gap], b = r.from_imaginary[i + t * r.gap];
            x[t] = a * c[t] - b * s[t], y[t] = a * s[t] + b * c[t];
        }
        const float ax = x[0] + x[2], ay = y[0] + y[2], bx = x[0] - x[2], by = y[0] - y[2];
        const float cx = x[1] + x[3], cy = y[1] + y[3], dx = x[1] - x[3], dy = y[1] - y[3];
        r.to_real[i] = ax + cx, r.to_imaginary[i] = ay + cy;
        r.to_real[i + r.step] = bx + dy, r.to_imaginary[i + r.step] = by - dx;
        r.to_real[i + 2 * r.step] = ax - cx, r.to_imaginary[i + 2 * r.step] = ay - cy;
        r.to_real[i + 3 * r.step] = bx - dy, r.to_imaginary[i + 3 * r.step] = by + dx;
    }
}

// Any radix up to 61: the small transform by its definition.
INLINE void pass_any(run r, size_t radix, const float *c, const float *s, const float *roots_c, const float *roots_s) {
    for (size_t i = 0; i < r.count; i += LANES) {
        float x[61][LANES], y[61][LANES];
        for (size_t t = 0; t < radix; t++)
            for (int l = 0; l < LANES; l++) {
                const float a = r.from_real[i + t * r.gap + l], b = r.from_imaginary[i + t * r.gap + l];
                x[t][l] = a * c[t] - b * s[t], y[t][l] = a * s[t] + b * c[t];
            }
        for (size_t f = 0; f < radix; f++) {
            float u[LANES] = {0}, v[LANES] = {0};
            for (size_t t = 0, turn = 0; t < radix; t++, turn += f) {
                if (turn >= radix) turn -= radix;
                for (int l = 0; l < LANES; l++) {
                    u[l] += x[t][l] * roots_c[turn] - y[t][l] * roots_s[turn];
                    v[l] += x[t][l] * roots_s[turn] + y[t][l] * roots_c[turn];
                }
            }
            float *real = r.to_real + i + f * r.step, *imaginary = r.to_imaginary + i + f * r.step;
            for (int l = 0; l < LANES; l++) real[l] = u[l], imaginary[l] = v[l];
        }
    }
}

SIMD void concord_fourier_pass(
    float *to_real, float *to_imaginary, const float *from_real, const float *from_imaginary, size_t points,
    size_t done, size_t radix, const float *cosines, const float *sines) {
    const size_t span = points / done, next = span / radix;  // subsequences before and after
    float roots_c[61], roots_s[61], c[61], s[61];
    const size_t turn = points / radix;
    for (size_t t = 0; t < radix; t++) roots_c[t] = cosines[t * turn], roots_s[t] = sines[t * turn];
    for (size_t k = 0; k < done; k++) {
        for (size_t t = 0; t < radix; t++) c[t] = cosines[t * k * next], s[t] = sines[t * k * next];
        const run r = {to_real + k * next * LANES,   to_imaginary + k * next * LANES, from_real + k * span * LANES,
                       from_imaginary + k * span * LANES, next * LANES,                    next * LANES,
                       done * next * LANES};
        if (radix == 2) {
            pass2(r, c[1], s[1]);
        } else if (radix == 4) {
            pass4(r, c, s);
        } else if (radix == 3) {
            pass_any(r, 3, c, s, roots_c, roots_s);
        } else if (radix == 5) {
            pass_any(r, 5, c, s, roots_c, roots_s);
        } else {
            pass_any(r, radix, c, s, roots_c, roots_s);
        }
    }
}

SIMD void concord_real_energies(
    float *out, const float *real, const float *imaginary, size_t points, const float *cosines, const float *sines) {
    for (size_t k = 0; k <= points; k++) {
        const float *a = real + (k % points) * LANES, *b = imaginary + (k % points) * LANES;
        const float *c = real + ((points - k) % points) * LANES, *d = imaginary + ((points - k) % points) * LANES;
        const float w = cosines[k], z = sines[k];
        for (int l = 0; l < LANES; l++) {
            // The transforms of the even samples (e) and of the odd ones (o), from z and its mirror image.
            const float er = 0.5f * (a[l] + c[l]), ei = 0.5f * (b[l] - d[l]);
            const float or = 0.5f * (b[l] + d[l]), oi = 0.5f * (c[l] - a[l]);
            const float x = er + or * w - oi * z, y = ei + or * z + oi * w;
            out[k * LANES + l] = x * x + y * y;
        }
    }
}
