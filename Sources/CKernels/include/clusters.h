#ifndef CLUSTERS_H
#define CLUSTERS_H

#include <stddef.h>
#include <stdint.h>

// Squared distances of rows to `count` centers: max(own[row] + others[j] - 2 products[row, j], 0) from their products
// and squared lengths.

// The nearest center of each row, the first of equally near ones, and its distance.
void concord_nearest_centers(
    int32_t *labels, float *least, const float *products, const float *own, const float *others, size_t rows,
    size_t count);
// products become min(least[row], distance), whose columns are added to `totals`.
void concord_least_distances(
    float *products, const float *least, const float *own, const float *others, double *totals, size_t rows,
    size_t count);
// sums[labels[row]] += x[row], of `width` numbers, and counts[labels[row]] += 1.
void concord_add_to_groups(
    double *sums, int64_t *counts, const float *x, const int32_t *labels, size_t rows, size_t width);
// The sum of (x[row] - centers[labels[row]])^2.
double concord_group_distances(
    const float *x, const float *centers, const int32_t *labels, size_t rows, size_t width);

#endif
