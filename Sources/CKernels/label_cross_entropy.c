#include "label_cross_entropy.h"
#include "dispatch.h"
#include "row_math.h"

#define INLINE static inline __attribute__((always_inline))

INLINE uint8_t is_largest(const float *x, size_t width, int32_t label) {
    float own = x[label];
    int better = own != own;
    for (size_t j = 0; j < (size_t)label; j++) better |= x[j] >= own;
    for (size_t j = (size_t)label + 1; j < width; j++) better |= x[j] > own;
    return !better;
}

INLINE float sum_exp(const float *x, float shift, size_t width) {
#pragma clang fp reassociate(on)
    float sum = 0;
    for (size_t j = 0; j < width; j++) sum += row_exp(x[j] - shift);
    return sum;
}

// Of what the sum's logarithm consists of, `max` and log(sum), only differences to `max` are rounded: not at the
// logits' size.
INLINE float entropy(uint8_t *correct, const float *x, int32_t label, size_t width, float *max, float *sum) {
    *correct = is_largest(x, width, label);
    *max = row_max(x, width);
    *sum = *max > -INFINITY && *max < INFINITY ? sum_exp(x, *max, width) : 1;
    return (*max - x[label]) + logf(*sum);
}

SIMD void concord_label_cross_entropy(
    float *loss, uint8_t *correct, const float *x, const int32_t *labels, size_t rows, size_t width) {
    float max, sum;
    for (size_t i = 0; i < rows; i++) loss[i] = entropy(correct + i, x + i * width, labels[i], width, &max, &sum);
}

SIMD void concord_label_cross_entropy_gradient(
    float *loss, uint8_t *correct, float *x, const int32_t *labels, float factor, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, x += width) {
        float max, sum;
        loss[i] = entropy(correct + i, x, labels[i], width, &max, &sum);
        const float share = factor / sum;
        for (size_t j = 0; j < width; j++) x[j] = share * row_exp(x[j] - max);
        x[labels[i]] -= factor;
    }
}
