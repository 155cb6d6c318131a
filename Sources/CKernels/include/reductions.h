#ifndef REDUCTIONS_H
#define REDUCTIONS_H

#include <stddef.h>
#include <stdint.h>

double concord_sum(const float *a, size_t count);

// Over the middle axis of [outer, reduced, columns]: block o starts at x + o * block and its rows lie `row` elements
// apart; its result goes to out + o * out_block.
#define CONCORD_REDUCTION(NAME)                                                                               \
    void NAME(                                                                                                \
        float *out, size_t out_block, const float *x, size_t block, size_t row, size_t outer, size_t reduced, \
        size_t columns, float scale)

// scale * sum, carried in double precision.
CONCORD_REDUCTION(concord_reduce_sum);
// The largest; NaN wins. `scale` is not used. At least one row.
CONCORD_REDUCTION(concord_reduce_max);

// The first place of the largest, [outer, reduced, columns] contiguous -> [outer, columns]; NaN is larger than all.
void concord_argmax(int32_t *out, const float *x, size_t outer, size_t reduced, size_t columns);
// The k largest of each row in falling order, equal ones by place. k <= columns.
void concord_top_k(float *values, int32_t *indices, const float *x, size_t rows, size_t columns, size_t k);

#endif
