#include "pooling.h"

#include <math.h>

#include "dispatch.h"
#include "lanes.h"

// For every column and every block of channels from `c` on, `pool(place of the block in the row, ..., lanes)`: with a
// constant where the block is whole, so that the compiler knows it.
#define POOL_ROW(outputs, channels, pool, ...)                                              \
    for (size_t column = 0; column < (outputs); column++) {                                 \
        for (size_t c = 0; c < (channels); c += LANES) {                                    \
            const size_t at = column * (channels) + c, n = (channels) - c;                  \
            if (n >= LANES) pool(__VA_ARGS__, rows, columns, row, column, channels, LANES); \
            else pool(__VA_ARGS__, rows, columns, row, column, channels, n);                \
        }                                                                                   \
    }

INLINE void maximum(
    float *out, int32_t *index, const float *image, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t column, size_t channels, const size_t n) {
    const size_t width = columns->inputs;
    lanes best = (lanes){0} - INFINITY;
    integer_lanes at = (integer_lanes){0} + (int32_t)(rows->start[row] * width + columns->start[column]);
    for (int32_t y = rows->start[row]; y < rows->end[row]; y++) {
        for (int32_t x = columns->start[column]; x < columns->end[column]; x++) {
            const size_t place = y * width + x;
            lanes value;
            load(&value, image + place * channels, n);
            const integer_lanes larger = (value > best) | (value != value);
            best = (lanes)(((integer_lanes)value & larger) | ((integer_lanes)best & ~larger));
            if (index) at = (at & ~larger) | (((integer_lanes){0} + (int32_t)place) & larger);
        }
    }
    store(out, &best, n);
    if (index) memcpy(index, &at, n == LANES ? sizeof at : n * sizeof *index);
}

SIMD void concord_max_pool_row(
    float *out, int32_t *index, const float *image, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t channels) {
    POOL_ROW(columns->outputs, channels, maximum, out + at, index ? index + at : NULL, image + c)
}

INLINE void chosen(
    float *dx, const float *upstream, const int32_t *index, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t column, size_t channels, const size_t n) {
    const integer_lanes here = (integer_lanes){0} + (int32_t)(row * columns->inputs + column);
    lanes sum = {0};
    for (int32_t y = rows->first[row]; y < rows->last[row]; y++) {
        for (int32_t x = columns->first[column]; x < columns->last[column]; x++) {
            const size_t at = (y * columns->outputs + x) * channels;
            lanes g;
            integer_lanes place = here - 1;
            load(&g, upstream + at, n);
            memcpy(&place, index + at, n == LANES ? sizeof place : n * sizeof *index);
            sum += (lanes)((integer_lanes)g & (place == here));
        }
    }
    store(dx, &sum, n);
}

SIMD void concord_max_pool_gradient_row(
    float *dx, const float *upstream, const int32_t *index, const concord_pooling_axis *rows,
    const concord_pooling_axis *columns, size_t row, size_t channels) {
    POOL_ROW(columns->inputs, channels, chosen, dx + at, upstream + c, index + c)
}

INLINE void average(
    float *out, const float *image, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t column, size_t channels, const size_t n) {
    lanes sum = {0};
    for (int32_t y = rows->start[row]; y < rows->end[row]; y++) {
        for (int32_t x = columns->start[column]; x < columns->end[column]; x++) {
            lanes value;
            load(&value, image + (y * columns->inputs + x) * channels, n);
            sum += value;
        }
    }
    sum *= rows->weight[row] * columns->weight[column];
    store(out, &sum, n);
}

SIMD void concord_average_pool_row(
    float *out, const float *image, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t channels) {
    POOL_ROW(columns->outputs, channels, average, out + at, image + c)
}

INLINE void shared(
    float *dx, const float *upstream, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t column, size_t channels, const size_t n) {
    lanes sum = {0};
    for (int32_t y = rows->first[row]; y < rows->last[row]; y++) {
        for (int32_t x = columns->first[column]; x < columns->last[column]; x++) {
            lanes g;
            load(&g, upstream + (y * columns->outputs + x) * channels, n);
            sum += g * (rows->weight[y] * columns->weight[x]);
        }
    }
    store(dx, &sum, n);
}

SIMD void concord_average_pool_gradient_row(
    float *dx, const float *upstream, const concord_pooling_axis *rows, const concord_pooling_axis *columns, size_t row,
    size_t channels) {
    POOL_ROW(columns->inputs, channels, shared, dx + at, upstream + c)
}
