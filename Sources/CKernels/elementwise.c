#include "Elementwise.h"
#include "dispatch.h"

SIMD void concord_accumulate(float *restrict to, const float *restrict from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

SIMD void concord_add(float *restrict out, const float *restrict a, const float *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] + b[i];
}

SIMD void concord_multiply(float *restrict out, const float *restrict a, const float *restrict b, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] * b[i];
}

SIMD void concord_scale(float *restrict out, const float *restrict a, float factor, size_t count) {
    for (size_t i = 0; i < count; i++) out[i] = a[i] * factor;
}
