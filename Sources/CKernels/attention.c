#include "attention.h"
#include "dispatch.h"
#include "row_math.h"

// Rows are whole vectors: elements beyond the visible keys are taken as -infinity, and become 0.
#define WHOLE_VECTORS(stride) __builtin_assume((stride) % 16 == 0 && (stride) > 0)
#define ONE_VECTOR _Pragma("clang loop vectorize(enable) interleave_count(1)")

static inline __attribute__((always_inline)) uint32_t limit_of(const concord_scores *tile, size_t row) {
    size_t limit = tile->visible;
    if (tile->causal && tile->first + row + 1 < limit) limit = tile->first + row + 1;
    return (uint32_t)limit;
}

static inline __attribute__((always_inline)) void hide(float *s, const float *bias, uint32_t limit, size_t stride) {
    WHOLE_VECTORS(stride);
    if (bias) {
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) {
            float value = s[j] + bias[j];
            s[j] = j < limit ? value : -INFINITY;
        }
    } else {
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) s[j] = j < limit ? s[j] : -INFINITY;
    }
}

SIMD void concord_attention_softmax(float *scores, float *logsum, concord_scores tile) {
#pragma clang fp reassociate(on)
    const size_t stride = tile.stride;
    WHOLE_VECTORS(stride);
    for (size_t i = 0; i < tile.rows; i++) {
        float *s = scores + i * stride;
        hide(s, tile.bias, limit_of(&tile, i), stride);
        int32_t bits, max_bits = INT32_MIN;
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) {
            memcpy(&bits, s + j, sizeof bits);
            bits ^= (bits >> 31) & INT32_MAX;
            max_bits = bits > max_bits ? bits : max_bits;
        }
        max_bits ^= (max_bits >> 31) & INT32_MAX;
        float max;
        memcpy(&max, &max_bits, sizeof max);
        if (max == -INFINITY) {
            memset(s, 0, stride * sizeof *s);
            logsum[i] = INFINITY;
            continue;
        }
        float sum = 0;
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) {
            float e = row_exp(s[j] - max);
            s[j] = e;
            sum += e;
        }
        float factor = 1 / sum;
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) s[j] *= factor;
        logsum[i] = max + logf(sum);
    }
}

SIMD void concord_attention_probabilities(float *scores, const float *logsum, concord_scores tile) {
    const size_t stride = tile.stride;
    WHOLE_VECTORS(stride);
    for (size_t i = 0; i < tile.rows; i++) {
        float *s = scores + i * stride, shift = logsum[i];
        hide(s, tile.bias, limit_of(&tile, i), stride);
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) s[j] = row_exp(s[j] - shift);
    }
}

// One row, dropped by its place among all; in place where both pointers are the same.
static inline __attribute__((always_inline)) void drop(
    float *out, const float *in, size_t stride, concord_dropout_mask dropping, uint64_t position) {
    WHOLE_VECTORS(stride);
    const uint32_t start = (uint32_t)position, first = (uint32_t)dropping.key;
    const uint32_t second = (uint32_t)(dropping.key >> 32) + (uint32_t)(position >> 32) * 0x9E3779B9u;
    ONE_VECTOR
    for (uint32_t j = 0; j < stride; j++) {
        const float kept = in[j] * dropping.factor;
        out[j] = row_hash(start + j, first, second) < dropping.threshold ? 0.0f : kept;
    }
}

SIMD void concord_attention_dropout(
    float *out, const float *probabilities, concord_scores tile, concord_dropout_mask dropping, uint64_t position,
    size_t step) {
    const size_t stride = tile.stride;
    WHOLE_VECTORS(stride);
    for (size_t i = 0; i < tile.rows; i++, position += step) {
        drop(out + i * stride, probabilities + i * stride, stride, dropping, position);
    }
}

SIMD void concord_attention_pullback(
    float *d, const float *probabilities, concord_scores tile, float scale, concord_dropout_mask dropping,
    uint64_t position, size_t step) {
#pragma clang fp reassociate(on)
    const size_t stride = tile.stride;
    WHOLE_VECTORS(stride);
    for (size_t i = 0; i < tile.rows; i++, position += step) {
        const float *p = probabilities + i * stride;
        float *g = d + i * stride, dot = 0;
        uint32_t limit = limit_of(&tile, i);
        if (dropping.threshold > 0) drop(g, g, stride, dropping, position);
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) {
            float value = j < limit ? g[j] : 0.0f;  // beyond, the tile was never written
            g[j] = value;
            dot += p[j] * value;
        }
        ONE_VECTOR
        for (uint32_t j = 0; j < stride; j++) g[j] = scale * p[j] * (g[j] - dot);
    }
}
