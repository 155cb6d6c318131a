#include "strides.h"
#include "dispatch.h"

SIMD void concord_gather_strided(float *restrict to, const float *restrict from, size_t stride, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] = from[i * stride];
}

SIMD void concord_scatter_strided(float *restrict to, const float *restrict from, size_t stride, size_t count) {
    for (size_t i = 0; i < count; i++) to[i * stride] = from[i];
}
