#include "colors.h"

#include <math.h>

#include "dispatch.h"

static inline unsigned luma(const uint8_t *p) { return (p[0] * 19595u + p[1] * 38470u + p[2] * 7471u + 0x8000u) >> 16; }

SIMD void concord_luma(uint8_t *restrict out, const uint8_t *restrict rgb, size_t count) {
    for (size_t i = 0; i < count; i++) out[3 * i] = out[3 * i + 1] = out[3 * i + 2] = (uint8_t)luma(rgb + 3 * i);
}

SIMD uint64_t concord_luma_sum(const uint8_t *rgb, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) sum += luma(rgb + 3 * i);
    return sum;
}

// Products and sums are rounded apart, as Pillow's are.
static inline uint8_t blended(float base, float value, float factor) {
#pragma clang fp contract(off)
    float v = base + factor * (value - base);
    v = v < 0 ? 0 : v > 255 ? 255 : v;
    return (uint8_t)(int)v;
}

SIMD void concord_blend_with_level(
    uint8_t *restrict out, const uint8_t *restrict in, size_t bytes, float base, float factor) {
    for (size_t i = 0; i < bytes; i++) out[i] = blended(base, in[i], factor);
}

SIMD void concord_blend_with_luma(uint8_t *restrict out, const uint8_t *restrict rgb, size_t count, float factor) {
    for (size_t i = 0; i < count; i++) {
        float base = (float)luma(rgb + 3 * i);
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = blended(base, rgb[3 * i + c], factor);
    }
}

SIMD void concord_hue_shifted(uint8_t *restrict out, const uint8_t *restrict rgb, size_t count, uint8_t shift) {
#pragma clang fp contract(off)
    for (size_t i = 0; i < count; i++) {
        int r = rgb[3 * i], g = rgb[3 * i + 1], b = rgb[3 * i + 2];
        int high = r > g ? r : g, low = r < g ? r : g;
        high = high > b ? high : b, low = low < b ? low : b;
        float chroma = high > low ? (float)(high - low) : 1, top = high > 0 ? (float)high : 1;
        float rc = (float)(high - r) / chroma, gc = (float)(high - g) / chroma, bc = (float)(high - b) / chroma;
        float sector = r == high ? bc - gc : g == high ? (float)(2.0 + rc - bc) : (float)(4.0 + gc - rc);
        double turn = sector / 6.0 + 1.0;
        float hue = (float)(turn >= 1 ? turn - 1 : turn);
        int s = high > low ? (int)((float)(high - low) / top * 255.0) : 0;
        int h = high > low ? (int)(hue * 255.0) : 0;
        h = (h + shift) & 255;

        double place = (float)h * 6.0 / 255.0;
        int sixth = (int)place;
        float f = (float)(place - (float)sixth), fs = (float)((float)s / 255.0), v = (float)high;
        sixth = sixth == 6 ? 0 : sixth;
        int p = (int)(v * (1.0 - fs) + 0.5);
        int q = (int)(v * (1.0 - fs * f) + 0.5);
        int t = (int)(v * (1.0 - fs * (1.0 - f)) + 0.5);
        // With no saturation p, q and t are the value itself.
        out[3 * i] = (uint8_t)(sixth == 0 || sixth == 5 ? high : sixth == 1 ? q : sixth == 4 ? t : p);
        out[3 * i + 1] = (uint8_t)(sixth == 1 || sixth == 2 ? high : sixth == 0 ? t : sixth == 3 ? q : p);
        out[3 * i + 2] = (uint8_t)(sixth == 3 || sixth == 4 ? high : sixth == 2 ? t : sixth == 5 ? q : p);
    }
}

static inline uint8_t rounded(float v) {
    v = rintf(v);
    return (uint8_t)(int)(v < 0 ? 0 : v > 255 ? 255 : v);
}

SIMD void concord_solarized(uint8_t *restrict out, const uint8_t *restrict in, size_t bytes, unsigned threshold) {
    for (size_t i = 0; i < bytes; i++) out[i] = (uint8_t)(in[i] < threshold ? in[i] : 255 - in[i]);
}

typedef float numbers16 __attribute__((vector_size(64), aligned(4)));

SIMD void concord_filter_row(
    float *restrict out, const float *restrict in, size_t count, const float *restrict weights, size_t taps) {
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        numbers16 sum[4] = {};
        for (size_t t = 0; t < taps; t++)
            for (size_t k = 0; k < 4; k++) sum[k] += *(const numbers16 *)(in + i + 16 * k + 3 * t) * weights[t];
        for (size_t k = 0; k < 4; k++) *(numbers16 *)(out + i + 16 * k) = sum[k];
    }
    for (; i < count; i++) {
        float sum = 0;
        for (size_t t = 0; t < taps; t++) sum += in[i + 3 * t] * weights[t];
        out[i] = sum;
    }
}

SIMD void concord_filter_rows(
    uint8_t *restrict out, const float *const *restrict rows, size_t count, const float *restrict weights,
    size_t taps) {
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        numbers16 sum[4] = {};
        for (size_t t = 0; t < taps; t++)
            for (size_t k = 0; k < 4; k++) sum[k] += *(const numbers16 *)(rows[t] + i + 16 * k) * weights[t];
        for (size_t j = 0; j < 64; j++) out[i + j] = rounded(sum[j / 16][j % 16]);
    }
    for (; i < count; i++) {
        float sum = 0;
        for (size_t t = 0; t < taps; t++) sum += rows[t][i] * weights[t];
        out[i] = rounded(sum);
    }
}
