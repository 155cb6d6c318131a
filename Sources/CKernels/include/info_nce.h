#ifndef CONTRAST_H
#define CONTRAST_H

#include <stddef.h>
#include <stdint.h>

// A block of a matrix of logits, `stride` numbers from row to row. Element (i, j) is a positive where the labels are
// equal and a negative otherwise; with `excludes_self` it is neither where first_row + i = first_column + j.
typedef struct {
    size_t rows, columns, stride, first_row, first_column;
    const int32_t *row_labels, *column_labels;  // of the block
    int excludes_self;
    float hardness;  // beta
    // No logit is above it, and none more than 80 below, so that e^(logit - bound) does not vanish; infinity where there
    // is no such number. Where it is finite, z (see below) is the bound for every row and column.
    float bound;
} concord_contrast;

// Running statistics of the logits of a row (or column): maxima, sums of exponentials and sums, in planes `plane`
// numbers apart.
//   0 largest positive p   1 sum of e^(s - p) over positives   2 largest negative n   3 sum of e^((1 + beta)(s - n))
//   over negatives 4 sum of e^(beta (s - n)) over negatives (beta > 0 alone)  5 sum of positives     6 sum of all
enum { concord_contrast_planes = 7 };

// The statistics of no logits.
void concord_contrast_clear(float *statistics, size_t plane, size_t count);
// Merges other statistics of the same rows (or columns), `count` numbers of each plane.
void concord_contrast_merge(
    float *statistics, size_t plane, const float *other, size_t other_plane, float hardness, size_t count);
// s = -1e30 where the groups are equal and the labels are not: such a pair is neither positive nor negative.
void concord_contrast_exclude(float *s, const int32_t *row_groups, const int32_t *column_groups, concord_contrast block);
// s -= row[i] + column[j]; row null: zeros
void concord_contrast_shift(float *s, const float *row, const float *column, concord_contrast block);
// Writes the statistics of the block's rows, and merges those of its columns into `columns` (null: skipped).
// `scratch` has `concord_contrast_planes * block.columns` numbers. Plane 6 of the columns counts only if `smooth`.
void concord_contrast_statistics(
    const float *s, float *rows, size_t rows_plane, float *columns, size_t columns_plane, float *scratch, int smooth,
    concord_contrast block);

// A block of logits under a finite bound in 16 bits each, and back: the range -bound ... bound in equal steps, so that
// none moves by more than bound / 65535, which e^s moves in proportion. bfloat16 factors are 2^-9 off.
void concord_contrast_pack(uint16_t *to, size_t to_stride, const float *s, concord_contrast block);
void concord_contrast_unpack(float *s, const uint16_t *from, size_t from_stride, concord_contrast block);
// Back at once: what unpacking would give.
void concord_contrast_round(float *s, concord_contrast block);

// Gradient coefficients of a row (or column), in planes `plane` numbers apart.
//   0 log of the denominator z, rounded   1 weight w of negatives, times e^(what rounding added to z)   2 fraction of
//   a positive in the target   3 fraction of every logit in the target   4 w times the negatives' fraction of the
//   denominator   5, 6 logs of planes 3 and 4 above with their shifts (beta > 0 alone)   7 weight of positives, as 1
// d = (negative ? plane 1 : plane 7) e^(s - z) - [positive] plane 2 - plane 3
enum { concord_contrast_coefficients = 8 };

// Logits to their gradients in place; columns null: one way. The gradients' sums are added to row_sums and column_sums
// (null: skipped). Returns the sum of gradient times logit.
double concord_contrast_pullback(
    float *s, const float *rows, size_t rows_plane, const float *columns, size_t columns_plane,
    float *row_sums, float *column_sums, concord_contrast block);

// out[i] = factor |x[i]|^2
void concord_squared_norms(float *out, const float *x, float factor, size_t rows, size_t width);
// d[i] -= factor sums[i] x[i]
void concord_subtract_scaled_rows(float *d, const float *x, const float *sums, float factor, size_t rows, size_t width);

#endif
