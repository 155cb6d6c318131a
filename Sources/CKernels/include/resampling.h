#ifndef RESAMPLING_H
#define RESAMPLING_H

#include <stddef.h>
#include <stdint.h>

/// Bits behind the point of a weight.
#define CONCORD_RESAMPLE_BITS 22

/// The new pixels of a line, each a weighted sum of neighboring old ones.
typedef struct {
    /// New pixels.
    size_t count;
    /// The first old pixel of each, and how many there are.
    const int32_t *first, *counts;
    /// `[count][taps]`.
    const int32_t *weights;
    size_t taps;
} concord_resampling;

/// One to four rows of RGB bytes resampled along themselves: `out[x] = clip(round(sum over t of in[first[x] + t] *
/// weight[x][t]))`.
///
/// - line: scratch of `16 * in_width` bytes.
void concord_resample_along(
    uint8_t *out, size_t out_stride, const uint8_t *in, size_t in_stride, size_t in_width, size_t rows,
    concord_resampling columns, uint8_t *line);

/// One output row as a weighted sum of `count` input rows `stride` bytes apart, `bytes` long.
void concord_resample_across(
    uint8_t *out, size_t bytes, const uint8_t *in, size_t stride, const int32_t *weights, size_t count);

#endif
