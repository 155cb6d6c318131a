#include "symmetric.h"
#include "dispatch.h"

SIMD double concord_reflect_row(
    double *restrict row, const double *restrict p, const double *restrict v, double vi, double pi,
    const double *restrict next, size_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t j = 0; j < count; j++) {
        const double x = row[j] - (vi * p[j] + pi * v[j]);
        row[j] = x;
        sum += x * next[j];
    }
    return sum;
}
