#ifndef PEAK_H
#define PEAK_H

#include <stddef.h>

/// Floating-point operations of a round of `concord_multiply_adds`.
enum { CONCORD_MULTIPLY_ADD_OPERATIONS = 10 * 16 * 2 };

/// Multiplies and adds in registers, as many at once as the processor has room for: the fastest that arithmetic can be.
/// @return a number that depends on all of them.
float concord_multiply_adds(float factor, float addend, size_t rounds);

#endif
