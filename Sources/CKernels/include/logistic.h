#ifndef LOGISTIC_H
#define LOGISTIC_H

#include <stddef.h>
#include <stdint.h>

// Multinomial logistic regression over rows of `width` logits z = x + bias; labels in 0 ..< width. `weights` may be
// null, for 1 each. x becomes weight (softmax(z) - [j = label]), whose columns are added to `sums`, and
//
//     totals[0] += weight (log(sum(e^z)) - z[label])        totals[1] += weight (1 - sum(softmax(z)^2))
void concord_logistic_rows(
    float *x, const float *bias, const int32_t *labels, const float *weights, double *sums, double *totals,
    size_t rows, size_t width);

#endif
