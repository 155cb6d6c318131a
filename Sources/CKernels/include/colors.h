#ifndef COLORS_H
#define COLORS_H

#include <stddef.h>
#include <stdint.h>

/// Luma of RGB pixels, ITU-R BT.601 in 16 bits as Pillow: `(19595 R + 38470 G + 7471 B + 32768) >> 16`.
void concord_luma(uint8_t *out, const uint8_t *rgb, size_t count);
/// The sum of the pixels' lumas.
uint64_t concord_luma_sum(const uint8_t *rgb, size_t count);
/// `out = base + factor * (in - base)`, clipped and cut to integers, with one base for every value.
void concord_blend_with_level(uint8_t *out, const uint8_t *in, size_t bytes, float base, float factor);
/// The same with each pixel's own luma for its base.
void concord_blend_with_luma(uint8_t *out, const uint8_t *rgb, size_t count, float factor);
/// Adds `shift` to the hue, a circle of 256, through Pillow's 8-bit HSV.
void concord_hue_shifted(uint8_t *out, const uint8_t *rgb, size_t count, uint8_t shift);
/// Values at or above the threshold become 255 minus themselves.
void concord_solarized(uint8_t *out, const uint8_t *in, size_t bytes, unsigned threshold);

/// `out[i] = sum over t of weights[t] * in[i + 3 t]`: a row of RGB floats filtered along itself.
void concord_filter_row(float *out, const float *in, size_t count, const float *weights, size_t taps);
/// `out[i] = round(sum over t of weights[t] * rows[t][i])`.
void concord_filter_rows(uint8_t *out, const float *const *rows, size_t count, const float *weights, size_t taps);

#endif
