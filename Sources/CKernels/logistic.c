#include "logistic.h"
#include "dispatch.h"
#include "row_math.h"

SIMD void concord_logistic_rows(
    float *x, const float *bias, const int32_t *labels, const float *weights, double *sums, double *totals,
    size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    double loss = 0, spread = 0;
    for (size_t i = 0; i < rows; i++, x += width) {
        const float weight = weights ? weights[i] : 1;
        for (size_t j = 0; j < width; j++) x[j] += bias[j];
        const float top = row_max(x, width), own = x[labels[i]];
        float sum = 0;
        for (size_t j = 0; j < width; j++) {
            x[j] = row_exp(x[j] - top);
            sum += x[j];
        }
        const float scale = 1 / sum;
        float squares = 0;
        for (size_t j = 0; j < width; j++) {
            const float p = x[j] * scale;
            squares += p * p;
            x[j] = weight * p;
        }
        x[labels[i]] -= weight;
        for (size_t j = 0; j < width; j++) sums[j] += (double)x[j];
        loss += (double)weight * (((double)top - (double)own) + log((double)sum));
        spread += (double)weight * (1 - (double)squares);
    }
    totals[0] += loss;
    totals[1] += spread;
}
