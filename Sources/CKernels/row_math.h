// Functions of one number written so that the compiler vectorizes loops over them; for inclusion by the kernels.
#ifndef ROWMATH_H
#define ROWMATH_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// e^x, within 2 ulp; infinity above ln FLT_MAX, subnormal numbers below ln FLT_MIN, NaN for NaN.
// Range reduction by ln 2 in two parts and the Cephes polynomial (Moshier 1992, expf).
static inline __attribute__((always_inline)) float row_exp(float x) {
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    float bounded = x < -104.0f ? -104.0f : x;
    bounded = bounded > 89.0f ? 89.0f : bounded;
    float shifted = bounded * 1.44269504f + magic;
    float n = shifted - magic;
    float r = bounded - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    // 2^n in two halves: one alone would leave the exponent's range at either end.
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const int32_t power = (int32_t)(bits - 0x4B400000u), half = power >> 1;
    const uint32_t first = (uint32_t)(half + 127) << 23, second = (uint32_t)(power - half + 127) << 23;
    float a, b;
    memcpy(&a, &first, sizeof a);
    memcpy(&b, &second, sizeof b);
    return p * a * b;
}

// e^x for x in -87 ... 0, the same bits as `row_exp`'s: nothing to bound, and no power of two that leaves the exponent's
// range.
static inline __attribute__((always_inline)) float row_exp_moderate(float x) {
    const float magic = 12582912.0f;
    float shifted = x * 1.44269504f + magic;
    float n = shifted - magic;
    float r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    const uint32_t power = (bits + (127u - 0x4B400000u)) << 23;
    float a;
    memcpy(&a, &power, sizeof a);
    return p * a;
}

// erf(x) within 2 ulp: an odd polynomial near 0, 1 - e^polynomial beyond. NaN for NaN.
static inline __attribute__((always_inline)) float row_erf(float x) {
    float t = x < 0 ? -x : x, s = x * x;
    float a = t < 3.9192059f ? t : 3.9192059f;  // erf is 1 in float32 from there
    float far = -1.72853470e-5f * a + 3.83197126e-4f;
    float part = -3.88396438e-3f * a + 2.42546219e-2f;
    far = far * (a * a) + part;
    far = far * a - 1.06777877e-1f;
    far = far * a - 6.34846687e-1f;
    far = far * a - 1.28717512e-1f;
    far = far * a - a;
    far = 1.0f - row_exp_moderate(far);  // -16.7 at least
    far = x < 0 ? -far : far;
    float near = -5.96761703e-4f;
    near = near * s + 4.99119423e-3f;
    near = near * s - 2.67681349e-2f;
    near = near * s + 1.12819925e-1f;
    near = near * s - 3.76125336e-1f;
    near = near * s + 1.28379166e-1f;
    near = near * x + x;
    return t > 0.927734375f ? far : near;
}

// A hash of a position and a key whose 32 bits are each 1 half of the time: two rounds of Wellons' lowbias32 (2018).
static inline __attribute__((always_inline)) uint32_t row_hash(uint32_t position, uint32_t first, uint32_t second) {
    uint32_t x = position + first;
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    x += second;
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    return x;
}

// The largest of a row; -infinity for an empty one. Compares as integers, which the compiler vectorizes.
static inline __attribute__((always_inline)) float row_max(const float *x, size_t width) {
    int32_t max = INT32_MIN;
    for (size_t j = 0; j < width; j++) {
        int32_t bits;
        memcpy(&bits, x + j, sizeof bits);
        bits ^= (bits >> 31) & INT32_MAX;
        max = bits > max ? bits : max;
    }
    if (max == INT32_MIN) return -INFINITY;
    max ^= (max >> 31) & INT32_MAX;
    float value;
    memcpy(&value, &max, sizeof value);
    return value;
}

#endif
