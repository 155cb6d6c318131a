#ifndef CANDIDATES_H
#define CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

// Rows of `width` numbers that indices name in a bank of such rows.

// out[i] = factor a[i] . bank[index[i]]
void concord_indexed_dots(
    float *out, const float *a, const float *bank, const int32_t *index, float factor, size_t rows, size_t width);
// to[i] += share[i] bank[index[i]]
void concord_add_indexed(
    float *to, const float *share, const float *bank, const int32_t *index, size_t rows, size_t width);
// bank[index[i]] += share[i] a[i] in order, for `width` columns of rows that lie `row` elements apart in both
void concord_add_to_indexed(
    float *bank, const float *share, const float *a, const int32_t *index, size_t rows, size_t width, size_t row);
// hits[i] = 1 where no logit s[i, j] of a negative other than the positive itself is as large as own[i]
void concord_candidate_hits(
    uint8_t *hits, const float *s, size_t stride, const float *own, const int32_t *positive, const int32_t *negatives,
    size_t rows, size_t columns);

#endif
