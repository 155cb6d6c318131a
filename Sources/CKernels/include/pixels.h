#ifndef PIXELS_H
#define PIXELS_H

#include <stddef.h>
#include <stdint.h>

/// `out[y][x] = in[origin + x * step_x + y * step_y]`, pixels of 3 bytes, steps in bytes: flips, quarter turns and
/// transposition.
void concord_pixels_rearranged(
    uint8_t *out, size_t width, size_t height, const uint8_t *in, ptrdiff_t step_x, ptrdiff_t step_y);

/// RGBA over a color: `(alpha * value + (255 - alpha) * background) / 255`, rounded.
void concord_pixels_composited(uint8_t *out, const uint8_t *rgba, size_t count, const uint8_t *background);

/// CMYK to RGB, Pillow's rule; `flip` is 255 for inverted values, 0 otherwise.
void concord_pixels_from_cmyk(uint8_t *out, const uint8_t *cmyk, size_t count, uint8_t flip);

/// `out[i] = in[i] * scale[channel] + offset[channel]` over `count` RGB pixels.
void concord_pixels_normalized(float *out, const uint8_t *in, size_t count, const float *scale, const float *offset);
/// The same with the order of the pixels reversed.
void concord_pixels_normalized_reversed(
    float *out, const uint8_t *in, size_t count, const float *scale, const float *offset);

/// Nearest neighbors of `x = x0 + column * xx + row * xy`, `y` alike, in 16.16 fixed point; pixels outside become
/// `fill`.
void concord_pixels_turned(
    uint8_t *out, size_t width, size_t height, const uint8_t *in, const int32_t *affine, const uint8_t *fill);
/// The same map in double precision with the four neighbors weighted, values cut to integers, as Pillow does.
void concord_pixels_turned_bilinear(
    uint8_t *out, size_t width, size_t height, const uint8_t *in, const double *affine, const uint8_t *fill);

#endif
