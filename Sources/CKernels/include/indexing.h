#ifndef INDEXING_H
#define INDEXING_H

#include <stddef.h>
#include <stdint.h>

// `bytes` bytes of each of `rows` rows; strides in bytes.
void concord_copy_rows(void *to, size_t to_row, const void *from, size_t from_row, size_t rows, size_t bytes);

// out[c * out_row + r] = x[r * row + c], strides in elements.
void concord_transpose(uint32_t *out, size_t out_row, const uint32_t *x, size_t row, size_t rows, size_t columns);
void concord_transpose_16(uint16_t *out, size_t out_row, const uint16_t *x, size_t row, size_t rows, size_t columns);
void concord_transpose_8(uint8_t *out, size_t out_row, const uint8_t *x, size_t row, size_t rows, size_t columns);

// The smallest and largest of at least one integer.
void concord_int32_range(const int32_t *a, size_t count, int32_t *smallest, int32_t *largest);

// out[i] = x[indices[i]], rows of `width` elements.
void concord_gather(uint32_t *out, const uint32_t *x, const int32_t *indices, size_t count, size_t width);
void concord_gather_bytes(uint8_t *out, const uint8_t *x, const int32_t *indices, size_t count, size_t width);

// out[indices[i]] += x[i] in order, for `width` columns of rows that lie `row` elements apart in both.
void concord_scatter_add(float *out, const float *x, const int32_t *indices, size_t count, size_t width, size_t row);

// out[r, indices[r, i]] = x[r, i]; a row's indices are distinct.
void concord_scatter_last(
    float *out, const float *x, const int32_t *indices, size_t rows, size_t count, size_t columns);

// out[i, indices[i]] = 1, the rest of each row 0.
void concord_one_hot(float *out, const int32_t *indices, size_t count, size_t depth);

#endif
