#include "clusters.h"
#include "dispatch.h"
#include <math.h>

static inline __attribute__((always_inline)) float distance(float own, float other, float product) {
    const float d = (own + other) - 2 * product;
    return d > 0 ? d : 0;
}

SIMD void concord_nearest_centers(
    int32_t *labels, float *least, const float *products, const float *own, const float *others, size_t rows,
    size_t count) {
    enum { LANES = 16 };
    for (size_t i = 0; i < rows; i++, products += count) {
        float best[LANES];
        int32_t at[LANES];
        for (size_t l = 0; l < LANES; l++) {
            best[l] = INFINITY;
            at[l] = 0;
        }
        size_t j = 0;
        for (; j + LANES <= count; j += LANES) {
            for (size_t l = 0; l < LANES; l++) {
                const float d = distance(own[i], others[j + l], products[j + l]);
                const int nearer = d < best[l];
                best[l] = nearer ? d : best[l];
                at[l] = nearer ? (int32_t)(j + l) : at[l];
            }
        }
        for (size_t l = 0; j + l < count; l++) {
            const float d = distance(own[i], others[j + l], products[j + l]);
            if (d < best[l]) {
                best[l] = d;
                at[l] = (int32_t)(j + l);
            }
        }
        size_t first = 0;
        for (size_t l = 1; l < LANES; l++) {
            if (best[l] < best[first] || (best[l] == best[first] && at[l] < at[first])) first = l;
        }
        labels[i] = at[first];
        least[i] = best[first];
    }
}

SIMD void concord_least_distances(
    float *products, const float *least, const float *own, const float *others, double *totals, size_t rows,
    size_t count) {
    for (size_t i = 0; i < rows; i++, products += count) {
        for (size_t j = 0; j < count; j++) {
            const float d = distance(own[i], others[j], products[j]);
            products[j] = d < least[i] ? d : least[i];
            totals[j] += (double)products[j];
        }
    }
}

SIMD void concord_add_to_groups(
    double *sums, int64_t *counts, const float *x, const int32_t *labels, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, x += width) {
        double *to = sums + (size_t)labels[i] * width;
        for (size_t j = 0; j < width; j++) to[j] += (double)x[j];
        counts[labels[i]]++;
    }
}

SIMD double concord_group_distances(
    const float *x, const float *centers, const int32_t *labels, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    double total = 0;
    for (size_t i = 0; i < rows; i++, x += width) {
        const float *center = centers + (size_t)labels[i] * width;
        double sum = 0;
        for (size_t j = 0; j < width; j++) {
            const double d = (double)x[j] - (double)center[j];
            sum += d * d;
        }
        total += sum;
    }
    return total;
}
