#include "double_vectors.h"
#include "dispatch.h"

SIMD double concord_double_dot(const double *a, const double *b, size_t count) {
#pragma clang fp reassociate(on) contract(fast)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

SIMD void concord_double_add_scaled(double *restrict to, const double *restrict a, double factor, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += factor * a[i];
}

SIMD void concord_double_scale(double *to, double factor, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] *= factor;
}

SIMD void concord_double_sum(double *to, const double *a, const double *b, double factor, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = a[i] + factor * b[i];
}

SIMD double concord_double_largest(const double *a, size_t count) {
#pragma clang fp reassociate(on)
    double largest = 0, invalid = 0;
    for (size_t i = 0; i < count; i++) {
        const double x = a[i] < 0 ? -a[i] : a[i];
        largest = x > largest ? x : largest;
        invalid += x != x ? 1 : 0;
    }
    return invalid > 0 ? __builtin_nan("") : largest;
}

SIMD double concord_double_dot_floats(const float *a, const double *b, size_t count) {
#pragma clang fp reassociate(on) contract(fast)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)a[i] * b[i];
    return sum;
}

SIMD void concord_double_add_floats(double *restrict to, const float *restrict a, double factor, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += factor * (double)a[i];
}

SIMD void concord_doubles_to_floats(float *restrict to, const double *restrict a, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = (float)a[i];
}
