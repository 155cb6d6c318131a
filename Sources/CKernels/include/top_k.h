#ifndef TOP_K_H
#define TOP_K_H

#include <stddef.h>
#include <stdint.h>

// The k largest of a row that comes in parts. A number and its place are one key whose order is theirs: larger numbers
// first, NaN before all, and of equal ones the first place.

// Adds those of `x` whose places start at `first` that may be among the k largest to the `count` keys of a row, which
// has room for `capacity`, more than k; what is certain not to be among them is dropped.
// - threshold: NaN at first, then the k-th largest so far.
// - Returns: the new count.
size_t concord_top_k_add(
    uint64_t *keys, size_t count, size_t capacity, size_t k, float *threshold, const float *x, size_t columns,
    int32_t first);
// The k largest of `count` keys, at least k, in order.
void concord_top_k_finish(float *values, int32_t *indices, uint64_t *keys, size_t count, size_t k);

#endif
