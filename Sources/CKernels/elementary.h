// Functions of one number for elementwise kernels, written so that the compiler vectorizes loops over them; see
// rowmath.h for exp and erf. Infinities and NaN go through as IEEE 754 asks.
#ifndef ELEMENTARY_H
#define ELEMENTARY_H

#include "row_math.h"

// ln x, within 2 ulp, subnormal numbers included. Cephes polynomial (Moshier 1992, logf) on [sqrt(1/2), sqrt(2)).
static inline __attribute__((always_inline)) float element_log(float x) {
    const int isSubnormal = x < 1.17549435e-38f;
    const float scaled = isSubnormal ? x * 16777216.0f : x;
    uint32_t bits;
    memcpy(&bits, &scaled, sizeof bits);
    // The exponent of x / sqrt(1/2), so that the fraction falls into the interval.
    const uint32_t shifted = bits - 0x3F3504F3u;
    const int32_t exponent = (int32_t)shifted >> 23;
    const uint32_t fraction = (shifted & 0x007FFFFFu) + 0x3F3504F3u;
    float m;
    memcpy(&m, &fraction, sizeof m);
    const float e = (float)exponent - (isSubnormal ? 24.0f : 0.0f), r = m - 1.0f, s = r * r;
    float p = 7.0376836292e-2f;
    p = p * r - 1.1514610310e-1f;
    p = p * r + 1.1676998740e-1f;
    p = p * r - 1.2420140846e-1f;
    p = p * r + 1.4249322787e-1f;
    p = p * r - 1.6668057665e-1f;
    p = p * r + 2.0000714765e-1f;
    p = p * r - 2.4999993993e-1f;
    p = p * r + 3.3333331174e-1f;
    float y = p * r * s;
    y = y + e * -2.12194440e-4f;
    y = y - 0.5f * s;
    y = (r + y) + e * 0.693359375f;
    y = x == INFINITY ? INFINITY : y;
    y = x == 0.0f ? -INFINITY : y;
    return x >= 0.0f ? y : NAN;
}

// ln(1 + x): the rounding of 1 + x is made good by the ratio (Kahan; Goldberg 1991, theorem 4).
static inline __attribute__((always_inline)) float element_log1p(float x) {
    const float u = 1.0f + x;
    const float y = element_log(u) * (x / (u - 1.0f));
    return u == 1.0f ? x : u == INFINITY ? u : y;
}

static inline __attribute__((always_inline)) float element_sigmoid(float x) { return 1.0f / (1.0f + row_exp(-x)); }

// Cephes (Moshier 1992, tanhf): an odd polynomial near 0, 1 - 2 / (e^2x + 1) beyond.
static inline __attribute__((always_inline)) float element_tanh(float x) {
    const float t = x < 0 ? -x : x, s = x * x;
    float far = 1.0f - 2.0f / (row_exp(2.0f * t) + 1.0f);
    far = x < 0 ? -far : far;
    float near = -5.70498872745e-3f;
    near = near * s + 2.06390887954e-2f;
    near = near * s - 5.37397155531e-2f;
    near = near * s + 1.33314422036e-1f;
    near = near * s - 3.33332819422e-1f;
    near = near * s * x + x;
    return t > 0.625f ? far : near;
}

static inline __attribute__((always_inline)) float element_softplus(float x) {
    const float t = x < 0 ? x : -x;  // -|x|
    return (x > 0 ? x : x != x ? x : 0.0f) + element_log1p(row_exp(t));
}

// The normal distribution: of a value below x, and its density there.
static inline __attribute__((always_inline)) float element_normal(float x) {
    return 0.5f + 0.5f * row_erf(x * 0.707106781f);
}

static inline __attribute__((always_inline)) float element_density(float x) {
    return 0.398942280f * row_exp(-0.5f * x * x);
}

#endif
