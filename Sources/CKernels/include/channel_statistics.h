#ifndef CHANNEL_STATISTICS_H
#define CHANNEL_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

// Activations are rows of `channels` neighboring numbers, all float32 or, where `is_bfloat16`, all bfloat16; every
// vector is one float32 a channel, and all arithmetic float32. A float32 result that `streams` is written past the
// caches: its channels are then a multiple of 16, and it starts at a multiple of 64 bytes.

/// Rows whose float32 sums go to the double precision ones together: what is summed in several calls has the bits of one
/// call where every call but the last has a multiple of them.
enum { concord_channel_run = 128 };

/// Adds each channel's sum of (x - shift) to `sums` and that of (x - shift)^2 to `squares`.
void concord_channel_moments(
    const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *shift, double *sums, double *squares);

/// y = (x - mean) * scale + bias [+ residual], rectified if asked.
void concord_channel_normalize(
    void *y, const void *x, const void *residual, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, bool rectify, bool streams);

/// y = y [+ bias] [+ residual], rectified if asked.
void concord_channel_finish(
    void *y, const float *bias, const void *residual, bool is_bfloat16, size_t rows, size_t channels, bool rectify);

/// Adds each channel's sum of g to `sums` and that of g (x - mean) to `products`, where g is `upstream`, zero where
/// `rectified` is given and not positive. Writes g to `masked` if given.
void concord_channel_gradient_sums(
    const void *upstream, const void *x, const void *rectified, void *masked, bool is_bfloat16, size_t rows,
    size_t channels, const float *mean, double *sums, double *products, bool streams);

/// The same with g zero where (x - mean) * scale + bias is not positive.
void concord_channel_gradient_sums_rectified(
    const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, double *sums, double *products);

/// dx = scale * g - constant - (x - mean) * slope.
void concord_channel_gradient(
    void *dx, const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *constant, const float *slope, bool streams);

/// The same with g zero where (x - mean) * scale + bias is not positive.
void concord_channel_gradient_rectified(
    void *dx, const void *upstream, const void *x, bool is_bfloat16, size_t rows, size_t channels, const float *mean,
    const float *scale, const float *bias, const float *constant, const float *slope, bool streams);

#endif
