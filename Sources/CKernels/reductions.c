#include "reductions.h"
#include "dispatch.h"

SIMD double concord_sum(const float *a, size_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i];
    return sum;
}

enum { TILE = 512, LANES = 64 };

static inline __attribute__((always_inline)) float larger(float x, float y) { return (x > y || x != x) ? x : y; }

SIMD CONCORD_REDUCTION(concord_reduce_sum) {
    for (size_t o = 0; o < outer; o++) {
        const float *from = x + o * block;
        float *to = out + o * out_block;
        if (columns == 1 && row == 1) {
#pragma clang fp reassociate(on)
            double sum = 0;
            for (size_t i = 0; i < reduced; i++) sum += from[i];
            to[0] = (float)(sum * scale);
            continue;
        }
        for (size_t start = 0; start < columns; start += TILE) {
            const size_t width = columns - start < TILE ? columns - start : TILE;
            double sums[TILE];
            for (size_t j = 0; j < width; j++) sums[j] = 0;
            size_t r = 0;
            for (; r + 4 <= reduced; r += 4) {
                const float *p = from + r * row + start, *q = p + row, *s = q + row, *t = s + row;
                for (size_t j = 0; j < width; j++) sums[j] += ((double)p[j] + q[j]) + ((double)s[j] + t[j]);
            }
            for (; r < reduced; r++) {
                const float *p = from + r * row + start;
                for (size_t j = 0; j < width; j++) sums[j] += p[j];
            }
            for (size_t j = 0; j < width; j++) to[start + j] = (float)(sums[j] * scale);
        }
    }
}

static inline __attribute__((always_inline)) float largest(const float *x, size_t count) {
    float best = x[0];
    size_t i = 0;
    if (count >= LANES) {
        float lanes[LANES];
        for (size_t j = 0; j < LANES; j++) lanes[j] = x[j];
        for (i = LANES; i + LANES <= count; i += LANES)
            for (size_t j = 0; j < LANES; j++) lanes[j] = larger(x[i + j], lanes[j]);
        for (size_t j = 0; j < LANES; j++) best = larger(lanes[j], best);
    }
    for (; i < count; i++) best = larger(x[i], best);
    return best;
}

SIMD CONCORD_REDUCTION(concord_reduce_max) {
    (void)scale;
    for (size_t o = 0; o < outer; o++) {
        const float *from = x + o * block;
        float *restrict to = out + o * out_block;
        if (columns == 1 && row == 1) {
            to[0] = largest(from, reduced);
            continue;
        }
        for (size_t start = 0; start < columns; start += TILE) {
            const size_t end = columns - start < TILE ? columns : start + TILE;
            for (size_t j = start; j < end; j++) to[j] = from[j];
            for (size_t r = 1; r < reduced; r++) {
                const float *restrict p = from + r * row;
                for (size_t j = start; j < end; j++) to[j] = larger(p[j], to[j]);
            }
        }
    }
}

SIMD void concord_argmax(int32_t *out, const float *x, size_t outer, size_t reduced, size_t columns) {
    for (size_t o = 0; o < outer; o++) {
        const float *from = x + o * reduced * columns;
        int32_t *restrict to = out + o * columns;
        if (columns == 1) {
            const float best = largest(from, reduced);
            size_t i = 0;
            if (best != best) {
                while (from[i] == from[i]) i++;
            } else {
                while (from[i] != best) i++;
            }
            to[0] = (int32_t)i;
            continue;
        }
        for (size_t start = 0; start < columns; start += TILE) {
            const size_t width = columns - start < TILE ? columns - start : TILE;
            float best[TILE];
            for (size_t j = 0; j < width; j++) {
                best[j] = from[start + j];
                to[start + j] = 0;
            }
            for (size_t r = 1; r < reduced; r++) {
                const float *restrict p = from + r * columns + start;
                for (size_t j = 0; j < width; j++) {
                    const int wins = p[j] > best[j] || (p[j] != p[j] && best[j] == best[j]);
                    best[j] = wins ? p[j] : best[j];
                    to[start + j] = wins ? (int32_t)r : to[start + j];
                }
            }
        }
    }
}

void concord_top_k(float *values, int32_t *indices, const float *x, size_t rows, size_t columns, size_t k) {
    for (size_t r = 0; r < rows; r++, values += k, indices += k, x += columns) {
        size_t kept = 0;
        for (size_t i = 0; i < columns; i++) {
            const float v = x[i];
            // A number never moves an equal one or a NaN back.
            if (kept == k && (v <= values[k - 1] || values[k - 1] != values[k - 1])) continue;
            size_t place = kept < k ? kept++ : k - 1;
            for (; place > 0; place--) {
                const float before = values[place - 1];
                if (!(v > before || (v != v && before == before))) break;
                values[place] = before;
                indices[place] = indices[place - 1];
            }
            values[place] = v;
            indices[place] = (int32_t)i;
        }
    }
}
