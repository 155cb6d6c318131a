#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include <stddef.h>

void concord_accumulate(float *to, const float *from, size_t count);
void concord_add(float *out, const float *a, const float *b, size_t count);
void concord_multiply(float *out, const float *a, const float *b, size_t count);
void concord_scale(float *out, const float *a, float factor, size_t count);

#endif
