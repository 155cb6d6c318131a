#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include <stddef.h>

double concord_sum(const float *a, size_t count);

#endif
