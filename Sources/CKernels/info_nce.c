#include "info_nce.h"
#include "dispatch.h"
#include "row_math.h"

#define INLINE static inline __attribute__((always_inline))

INLINE int32_t ordered(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) & INT32_MAX);
}

INLINE float unordered(int32_t bits) {
    float x;
    bits ^= (bits >> 31) & INT32_MAX;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// The column of row i's own pair within the block, or one that no column has.
INLINE uint32_t own_column(const concord_contrast *block, size_t i) {
    if (!block->excludes_self) return UINT32_MAX;
    return (uint32_t)(block->first_row + i - block->first_column);
}

// Whether row i has a positive or its own pair among the block's columns; the loops are simpler where it has not.
INLINE int is_special(const concord_contrast *block, size_t i) {
    const int32_t label = block->row_labels[i];
    int found = own_column(block, i) < block->columns;
    for (size_t j = 0; j < block->columns; j++) found |= block->column_labels[j] == label;
    return found;
}

INLINE void clear(float *statistics, size_t plane, size_t count) {
    for (size_t k = 0; k < concord_contrast_planes; k++)
        for (size_t i = 0; i < count; i++) statistics[k * plane + i] = k == 0 || k == 2 ? -INFINITY : 0;
}

SIMD void concord_contrast_clear(float *statistics, size_t plane, size_t count) { clear(statistics, plane, count); }

INLINE void merge(float *a, size_t ap, const float *b, size_t bp, float hardness, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float p = a[i], q = b[i], top = p > q ? p : q;
        // Where neither has one, both shifts are of nothing.
        a[ap + i] = (p == top ? a[ap + i] : a[ap + i] * row_exp(p - top)) +
            (q == top ? b[bp + i] : b[bp + i] * row_exp(q - top));
        a[i] = top;
    }
    float *an = a + 2 * ap;
    const float *bn = b + 2 * bp;
    for (size_t i = 0; i < count; i++) {
        float p = an[i], q = bn[i], top = p > q ? p : q;
        float dp = p == top ? 0 : p - top, dq = q == top ? 0 : q - top;
        an[ap + i] = an[ap + i] * row_exp((1 + hardness) * dp) + bn[bp + i] * row_exp((1 + hardness) * dq);
        if (hardness > 0)
            an[2 * ap + i] = an[2 * ap + i] * row_exp(hardness * dp) + bn[2 * bp + i] * row_exp(hardness * dq);
        an[i] = top;
    }
    for (size_t k = 5; k < 7; k++)
        for (size_t i = 0; i < count; i++) a[k * ap + i] += b[k * bp + i];
}

SIMD void concord_contrast_merge(float *a, size_t ap, const float *b, size_t bp, float hardness, size_t count) {
    merge(a, ap, b, bp, hardness, count);
}

SIMD void concord_contrast_shift(float *s, const float *row, const float *column, concord_contrast block) {
    for (size_t i = 0; i < block.rows; i++, s += block.stride) {
        const float own = row ? row[i] : 0;
        for (size_t j = 0; j < block.columns; j++) s[j] -= own + column[j];
    }
}

SIMD void concord_contrast_exclude(
    float *s, const int32_t *row_groups, const int32_t *column_groups, concord_contrast block) {
    for (size_t i = 0; i < block.rows; i++, s += block.stride) {
        const int32_t group = row_groups[i], label = block.row_labels[i];
        for (size_t j = 0; j < block.columns; j++)
            s[j] = (column_groups[j] == group && block.column_labels[j] != label) ? -1e30f : s[j];
    }
}

// Logits to whole numbers of 16 bits and back.
INLINE uint32_t to_code(float s, float bound, float step) {
    const float x = (s + bound) * step + 0.5f;
    return (uint32_t)(x < 0 ? 0 : x > 65535 ? 65535 : x);
}
INLINE float from_code(uint32_t code, float bound, float width) { return (float)code * width - bound; }

SIMD void concord_contrast_pack(uint16_t *to, size_t to_stride, const float *s, concord_contrast block) {
    const float bound = block.bound, step = 65535 / (2 * bound);
    for (size_t i = 0; i < block.rows; i++, s += block.stride, to += to_stride)
        for (size_t j = 0; j < block.columns; j++) to[j] = (uint16_t)to_code(s[j], bound, step);
}

SIMD void concord_contrast_unpack(float *s, const uint16_t *from, size_t from_stride, concord_contrast block) {
    const float bound = block.bound, width = 2 * bound / 65535;
    for (size_t i = 0; i < block.rows; i++, s += block.stride, from += from_stride)
        for (size_t j = 0; j < block.columns; j++) s[j] = from_code(from[j], bound, width);
}

SIMD void concord_contrast_round(float *s, concord_contrast block) {
    const float bound = block.bound, step = 65535 / (2 * bound), width = 2 * bound / 65535;
    for (size_t i = 0; i < block.rows; i++, s += block.stride)
        for (size_t j = 0; j < block.columns; j++) s[j] = from_code(to_code(s[j], bound, step), bound, width);
}

INLINE void row_statistics(
    const float *s, float *out, size_t plane, const concord_contrast *block, size_t i, int hard, int special) {
#pragma clang fp reassociate(on)
    const int32_t label = block->row_labels[i], *labels = block->column_labels;
    const uint32_t own = own_column(block, i), columns = (uint32_t)block->columns;
    int32_t top_positive = ordered(-INFINITY), top_negative = top_positive;
    const int32_t lowest = top_positive;
    float positives = 0, all = 0;
    for (uint32_t j = 0; j < columns; j++) {
        int32_t v = ordered(s[j]);
        v = (special && j == own) ? lowest : v;
        int32_t p = (special && labels[j] == label) ? v : lowest, n = (special && labels[j] == label) ? lowest : v;
        top_positive = p > top_positive ? p : top_positive;
        top_negative = n > top_negative ? n : top_negative;
        float counted = (special && j == own) ? 0 : s[j];
        positives += (special && labels[j] == label) ? counted : 0;
        all += counted;
    }
    const float p = unordered(top_positive), n = unordered(top_negative), beta = block->hardness;
    float sum_positive = 0, sum_negative = 0, sum_weights = 0;
    for (uint32_t j = 0; j < columns; j++) {
        float x = s[j] - ((special && labels[j] == label) ? p : n);
        float e = row_exp(x);
        e = (special && j == own) ? 0 : e;
        sum_positive += (special && labels[j] == label) ? e : 0;
        if (hard) {
            float weight = row_exp(beta * x);
            weight = (special && j == own) || (special && labels[j] == label) ? 0 : weight;
            float product = row_exp((1 + beta) * x);
            sum_negative += (special && j == own) || (special && labels[j] == label) ? 0 : product;
            sum_weights += weight;
        } else {
            sum_negative += (special && labels[j] == label) ? 0 : e;
        }
    }
    out[i] = p;
    out[plane + i] = sum_positive;
    out[2 * plane + i] = n;
    out[3 * plane + i] = sum_negative;
    out[4 * plane + i] = sum_weights;
    out[5 * plane + i] = positives;
    out[6 * plane + i] = all;
}

INLINE void column_tops(
    const float *s, float *out, size_t plane, const concord_contrast *block, size_t i, int smooth, int special) {
    const int32_t label = block->row_labels[i], *labels = block->column_labels;
    const uint32_t own = own_column(block, i), columns = (uint32_t)block->columns;
    float *p = out, *n = out + 2 * plane, *positives = out + 5 * plane, *all = out + 6 * plane;
#pragma clang loop vectorize(assume_safety)
    for (uint32_t j = 0; j < columns; j++) {
        float v = (special && j == own) ? -INFINITY : s[j], counted = (special && j == own) ? 0 : s[j];
        float vp = (special && labels[j] == label) ? v : -INFINITY,
              vn = (special && labels[j] == label) ? -INFINITY : v;
        if (special) p[j] = vp > p[j] ? vp : p[j];
        n[j] = vn > n[j] ? vn : n[j];
        if (special) positives[j] += labels[j] == label ? counted : 0;
        if (smooth) all[j] += counted;
    }
}

INLINE void column_sums(
    const float *s, float *out, size_t plane, const concord_contrast *block, size_t i, int hard, int special) {
    const int32_t label = block->row_labels[i], *labels = block->column_labels;
    const uint32_t own = own_column(block, i), columns = (uint32_t)block->columns;
    const float beta = block->hardness;
    const float *p = out, *n = out + 2 * plane;
    float *sum_positive = out + plane, *sum_negative = out + 3 * plane, *sum_weights = out + 4 * plane;
#pragma clang loop vectorize(assume_safety)
    for (uint32_t j = 0; j < columns; j++) {
        float x = s[j] - ((special && labels[j] == label) ? p[j] : n[j]);
        float e = row_exp(x);
        e = (special && j == own) ? 0 : e;
        if (special) sum_positive[j] += labels[j] == label ? e : 0;
        if (hard) {
            float weight = row_exp(beta * x), product = row_exp((1 + beta) * x);
            sum_negative[j] += (special && j == own) || (special && labels[j] == label) ? 0 : product;
            sum_weights[j] += (special && j == own) || (special && labels[j] == label) ? 0 : weight;
        } else {
            sum_negative[j] += (special && labels[j] == label) ? 0 : e;
        }
    }
}

// A row without a positive or its own pair, where no logit is above the bound: one look, and one exponential for both
// sides.
INLINE void bounded_sums(
    const float *restrict s, float *rows, size_t rows_plane, float *restrict columns, size_t columns_plane,
    const concord_contrast *block, size_t i, int both, int smooth) {
#pragma clang fp reassociate(on)
    float *restrict negatives = both ? columns + 3 * columns_plane : NULL,
                    *restrict totals = both ? columns + 6 * columns_plane : NULL;
    const float bound = block->bound;
    float sum = 0, all = 0;
    for (size_t j = 0; j < block->columns; j++) {
        const float e = row_exp_moderate(s[j] - bound);
        sum += e;
        all += s[j];
        if (both) negatives[j] += e;
        if (both && smooth) totals[j] += s[j];
    }
    for (size_t k = 0; k < concord_contrast_planes; k++) rows[k * rows_plane + i] = k == 0 ? -INFINITY : 0;
    rows[2 * rows_plane + i] = bound;
    rows[3 * rows_plane + i] = sum;
    rows[6 * rows_plane + i] = all;
}

INLINE void statistics(
    const float *s, float *rows, size_t rows_plane, float *columns, size_t columns_plane, float *scratch,
    const concord_contrast *block, int hard, int smooth) {
    const int bounded = !hard && block->bound < INFINITY;
    enum { group = 64 };  // rows that stay in the cache from the first look to the second
    char special[group];
    const size_t count = block->columns, stride = block->stride;
    for (size_t first = 0; first < block->rows; first += group) {
        const size_t end = first + group < block->rows ? first + group : block->rows;
        if (columns) clear(scratch, count, count);
        if (columns && bounded)
            for (size_t j = 0; j < count; j++) scratch[2 * count + j] = block->bound;
        for (size_t i = first; i < end; i++) {
            const float *row = s + i * stride;
            special[i - first] = (char)is_special(block, i);
            if (special[i - first]) {
                row_statistics(row, rows, rows_plane, block, i, hard, 1);
                if (columns) column_tops(row, scratch, count, block, i, smooth, 1);
            } else if (bounded) {
                if (columns) bounded_sums(row, rows, rows_plane, scratch, count, block, i, 1, smooth);
                else bounded_sums(row, rows, rows_plane, NULL, 0, block, i, 0, smooth);
            } else {
                row_statistics(row, rows, rows_plane, block, i, hard, 0);
                if (columns) column_tops(row, scratch, count, block, i, smooth, 0);
            }
        }
        if (!columns) continue;
        for (size_t i = first; i < end; i++) {
            if (special[i - first]) {
                column_sums(s + i * stride, scratch, count, block, i, hard, 1);
            } else if (!bounded) {
                column_sums(s + i * stride, scratch, count, block, i, hard, 0);
            }
        }
        merge(columns, columns_plane, scratch, count, block->hardness, count);
    }
}

SIMD void concord_contrast_statistics(
    const float *s, float *rows, size_t rows_plane, float *columns, size_t columns_plane, float *scratch, int smooth,
    concord_contrast block) {
    if (block.hardness > 0) {
        statistics(s, rows, rows_plane, columns, columns_plane, scratch, &block, 1, 1);
    } else if (smooth) {
        statistics(s, rows, rows_plane, columns, columns_plane, scratch, &block, 0, 1);
    } else {
        statistics(s, rows, rows_plane, columns, columns_plane, scratch, &block, 0, 0);
    }
}

typedef struct {
    float z, w, positive, all, own, wn, top, weights;
} coefficients;

INLINE coefficients coefficients_at(const float *planes, size_t plane, size_t i, int hard) {
    coefficients a = {
        planes[i], planes[plane + i], planes[2 * plane + i], planes[3 * plane + i], planes[7 * plane + i], 0, 0, 0};
    if (hard) a.wn = planes[4 * plane + i], a.top = planes[5 * plane + i], a.weights = planes[6 * plane + i];
    return a;
}

INLINE float gradient(float s, coefficients a, int positive, float beta, int hard) {
    float x = s - a.z;
    x = x > 88.0f ? 88.0f : x;  // above z is what is in no denominator: its weight is 0, and 0 times infinity is not
    float share = (positive ? a.own : a.w) * row_exp(x);
    if (hard) {
        float negative = a.wn * ((1 + beta) * row_exp((1 + beta) * s - a.top) - beta * row_exp(beta * s - a.weights));
        share = positive ? share : negative;
    }
    return share - (positive ? a.positive : 0) - a.all;
}

INLINE float row_pullback(
    float *restrict s, coefficients row, const float *restrict columns, size_t plane,
    float *restrict column_sums, float *restrict row_sum, const concord_contrast *block, size_t i, int hard, int both,
    int special) {
#pragma clang fp reassociate(on)
    const int32_t label = block->row_labels[i], *restrict labels = block->column_labels;
    const uint32_t own = own_column(block, i), count = (uint32_t)block->columns;
    const float beta = block->hardness;
    float dot = 0, sum = 0;
    for (uint32_t j = 0; j < count; j++) {
        int positive = (special && labels[j] == label);
        float x = s[j], d = gradient(x, row, positive, beta, hard);
        if (both) d += gradient(x, coefficients_at(columns, plane, j, hard), positive, beta, hard);
        d = (special && j == own) ? 0 : d;
        x = (special && j == own) ? 0 : x;
        s[j] = d;
        dot += d * x;
        sum += d;
    }
    if (row_sum) *row_sum += sum;
    if (column_sums)
        for (uint32_t j = 0; j < count; j++) column_sums[j] += s[j];
    return dot;
}

// The gradients of a row without a positive or its own pair, where the bound is the shift of all exponentials.
INLINE float bounded_pullback(
    float *restrict s, coefficients row, const float *restrict columns, size_t plane, float *restrict column_sums,
    float *restrict row_sum, const concord_contrast *block, int both) {
#pragma clang fp reassociate(on)
    const float *restrict weights = both ? columns + plane : NULL, *restrict all = both ? columns + 3 * plane : NULL;
    float dot = 0, sum = 0;
    for (size_t j = 0; j < block->columns; j++) {
        const float x = s[j], e = row_exp_moderate(x - block->bound);
        const float d = both ? e * (row.w + weights[j]) - (row.all + all[j]) : e * row.w - row.all;
        s[j] = d;
        dot += d * x;
        sum += d;
    }
    if (row_sum) *row_sum += sum;
    if (column_sums)
        for (size_t j = 0; j < block->columns; j++) column_sums[j] += s[j];
    return dot;
}

SIMD double concord_contrast_pullback(
    float *s, const float *rows, size_t rows_plane, const float *columns, size_t columns_plane,
    float *row_sums, float *column_sums, concord_contrast block) {
    const int hard = block.hardness > 0;
    double total = 0;
    for (size_t i = 0; i < block.rows; i++, s += block.stride) {
        float *sum = row_sums ? row_sums + i : NULL;
        coefficients a = coefficients_at(rows, rows_plane, i, hard);
        const int special = is_special(&block, i);
#define ROW(both, hard, special) \
    row_pullback(s, a, columns, columns_plane, column_sums, sum, &block, i, hard, both, special)
        if (hard) {
            total += columns ? ROW(1, 1, 1) : ROW(0, 1, 1);
        } else if (special) {
            total += columns ? ROW(1, 0, 1) : ROW(0, 0, 1);
        } else if (block.bound < INFINITY) {
            total += columns ? bounded_pullback(s, a, columns, columns_plane, column_sums, sum, &block, 1)
                             : bounded_pullback(s, a, NULL, 0, column_sums, sum, &block, 0);
        } else {
            total += columns ? ROW(1, 0, 0) : ROW(0, 0, 0);
        }
#undef ROW
    }
    return total;
}

SIMD void concord_squared_norms(float *out, const float *x, float factor, size_t rows, size_t width) {
#pragma clang fp reassociate(on)
    for (size_t i = 0; i < rows; i++, x += width) {
        float sum = 0;
        for (size_t j = 0; j < width; j++) sum += x[j] * x[j];
        out[i] = factor * sum;
    }
}

SIMD void concord_subtract_scaled_rows(
    float *d, const float *x, const float *sums, float factor, size_t rows, size_t width) {
    for (size_t i = 0; i < rows; i++, d += width, x += width)
        for (size_t j = 0; j < width; j++) d[j] -= factor * sums[i] * x[j];
}
