#ifndef STRIDES_H
#define STRIDES_H

#include <stddef.h>

/// to[i] = from[i * stride].
void concord_gather_strided(float *to, const float *from, size_t stride, size_t count);
/// to[i * stride] = from[i].
void concord_scatter_strided(float *to, const float *from, size_t stride, size_t count);

#endif
