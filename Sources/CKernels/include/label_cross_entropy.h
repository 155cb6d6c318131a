#ifndef TABLE_ENTROPY_H
#define TABLE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

// Rows of `width` logits, one after the other; labels in 0 ..< width.

// loss[row] = log(sum(e^x)) - x[label]; correct[row] = 1 where no logit before the label's is as large and none behind
// it larger.
void concord_label_cross_entropy(
    float *loss, uint8_t *correct, const float *x, const int32_t *labels, size_t rows, size_t width);
// The same, and x becomes factor (e^x / sum(e^x) - [j = label]).
void concord_label_cross_entropy_gradient(
    float *loss, uint8_t *correct, float *x, const int32_t *labels, float factor, size_t rows, size_t width);

#endif
