#ifndef DOUBLE_VECTORS_H
#define DOUBLE_VECTORS_H

#include <stddef.h>

// Vectors in double precision.

// a . b
double concord_double_dot(const double *a, const double *b, size_t count);
// to += factor a
void concord_double_add_scaled(double *to, const double *a, double factor, size_t count);
// to = factor to
void concord_double_scale(double *to, double factor, size_t count);
// to = a + factor b; may be either of them
void concord_double_sum(double *to, const double *a, const double *b, double factor, size_t count);
// The largest magnitude; NaN where an element is one.
double concord_double_largest(const double *a, size_t count);
// a . b
double concord_double_dot_floats(const float *a, const double *b, size_t count);
// to += factor a
void concord_double_add_floats(double *to, const float *a, double factor, size_t count);
// to = a
void concord_doubles_to_floats(float *to, const double *a, size_t count);

#endif
