#pragma once
#include <stddef.h>

/// One row of a reflection of a symmetric matrix from both sides, and its product with the next reflection's vector:
/// `row -= vi * p + pi * v`, then the sum of `row * next`.
double concord_reflect_row(
    double *row, const double *p, const double *v, double vi, double pi, const double *next, size_t count);
