#include "candidates.h"
#include "dispatch.h"

SIMD void concord_indexed_dots(
    float *out, const float *a, const float *bank, const int32_t *index, float factor, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, a += width) {
        const float *b = bank + (size_t)index[i] * width;
        float sum = 0;
        for (size_t j = 0; j < width; j++) sum += a[j] * b[j];
        out[i] = factor * sum;
    }
}

SIMD void concord_add_indexed(
    float *to, const float *share, const float *bank, const int32_t *index, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, to += width) {
        const float *b = bank + (size_t)index[i] * width;
        for (size_t j = 0; j < width; j++) to[j] += share[i] * b[j];
    }
}

SIMD void concord_add_to_indexed(
    float *bank, const float *share, const float *a, const int32_t *index, size_t rows, size_t width, size_t row) {
    for (size_t i = 0; i < rows; i++, a += row) {
        float *b = bank + (size_t)index[i] * row;
        for (size_t j = 0; j < width; j++) b[j] += share[i] * a[j];
    }
}

SIMD void concord_candidate_hits(
    uint8_t *hits, const float *s, size_t stride, const float *own, const int32_t *positive, const int32_t *negatives,
    size_t rows, size_t columns) {
    for (size_t i = 0; i < rows; i++, s += stride) {
        const float mine = own[i];
        const int32_t self = positive[i];
        int32_t better = mine != mine;
        for (size_t j = 0; j < columns; j++) better |= (s[j] >= mine) & (negatives[j] != self);
        hits[i] = !better;
    }
}
