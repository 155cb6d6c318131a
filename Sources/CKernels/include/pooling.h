#ifndef POOLING_H
#define POOLING_H

#include <stddef.h>
#include <stdint.h>

/// Along one axis: which inputs each output covers, and which outputs cover each input; ranges end before `end` and
/// `last`.
typedef struct {
    size_t inputs, outputs;
    const int32_t *start, *end;
    const int32_t *first, *last;
    /// What one input weighs in each output's average.
    const float *weight;
} concord_pooling_axis;

// Images are `[H, W, C]`. Each call makes one row of its result.

/// The largest of each window and, if `index` is given, the place (y * W + x) of the first of its equals. NaN counts as
/// largest.
void concord_max_pool_row(
    float *out, int32_t *index, const float *image, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t channels);

/// One row of the image's gradient: the sum of what the outputs that chose each element got.
void concord_max_pool_gradient_row(
    float *dx, const float *upstream, const int32_t *index, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t channels);

void concord_average_pool_row(
    float *out, const float *image, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t channels);

void concord_average_pool_gradient_row(
    float *dx, const float *upstream, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t channels);

#endif
