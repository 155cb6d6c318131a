// See float32_gemm.h.
#include "float32_gemm.h"

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")
#include "avx512.h"

enum {
    ROWS = CONCORD_FLOAT32_ROWS,
    COLUMNS = CONCORD_FLOAT32_COLUMNS,
    INNER = CONCORD_FLOAT32_INNER,
    MOST_ROWS = CONCORD_FLOAT32_MOST_ROWS,
};
/// Panels of b by which all rows are multiplied before the next ones: they stay in the second cache, beside the rows.
enum { PANELS = 8 };
/// Rows of a that are copied at a time where they are stored as columns, so that whole lines of the cache are read.
enum { GROUP = 4 * ROWS };
/// Numbers from one copied row to the next: a line more than a block, for rows a power of two apart want the same
/// places of the cache.
enum { STEP = INNER + 16 };

bool concord_float32_gemm_available(void) { return __builtin_cpu_supports("x86-64-v4"); }

size_t concord_float32_gemm_scratch(void) { return MOST_ROWS * STEP; }

// MARK: Packing

/// `depth` rows of 32 columns, of which `width` are b's and the others zero.
INLINE void pack_rows(float *to, const float *from, size_t ld, size_t depth, size_t width) {
    const __mmask16 first = mask(width), second = width > 16 ? mask(width - 16) : 0;
    for (size_t i = 0; i < depth; i++, to += COLUMNS, from += ld) {
        _mm512_store_ps(to, _mm512_maskz_loadu_ps(first, from));
        _mm512_store_ps(to + 16, second ? _mm512_maskz_loadu_ps(second, from + 16) : _mm512_setzero_ps());
    }
}

/// The same where columns are contiguous.
INLINE void pack_columns(float *to, const float *from, size_t ld, size_t depth, size_t width) {
    for (size_t i = 0; i < depth; i += 16)
        for (size_t half = 0; half < COLUMNS; half += 16) {
            const size_t count = minimum(16, depth - i);
            __m512i square[16];
            for (size_t j = 0; j < 16; j++)
                square[j] = half + j < width ? _mm512_maskz_loadu_epi32(mask(count), from + (half + j) * ld + i)
                                             : _mm512_setzero_si512();
            transpose(square);
            for (size_t j = 0; j < count; j++) _mm512_store_si512(to + (i + j) * COLUMNS + half, square[j]);
        }
}

TARGET void concord_float32_gemm_pack(
    float *packed, size_t first, size_t last, const float *b, size_t ld, bool is_transposed, size_t n, size_t k) {
    const size_t columns = ceiling(n, COLUMNS) * COLUMNS;
    for (size_t inner = 0; inner < k; inner += INNER) {
        const size_t depth = minimum(INNER, k - inner);
        for (size_t panel = first; panel < last; panel++) {
            const size_t column = panel * COLUMNS, width = minimum(COLUMNS, n - column);
            float *to = packed + inner * columns + column * depth;
            if (is_transposed) pack_columns(to, b + column * ld + inner, ld, depth, width);
            else pack_rows(to, b + inner * ld + column, ld, depth, width);
        }
    }
}

// MARK: Multiplying

/// Where a tile's sums go.
typedef struct {
    float *c;
    size_t ld, rows, columns;
    float alpha, beta;
    const float *bias;
    bool streams;
} destination;

INLINE void finish(const destination *to, __m512 (*sums)[2]) {
    const __m512 alpha = _mm512_set1_ps(to->alpha), beta = _mm512_set1_ps(to->beta);
    const __mmask16 wanted[2] = {mask(to->columns), to->columns > 16 ? mask(to->columns - 16) : 0};
    UNROLL for (size_t r = 0; r < ROWS; r++) {
        if (r >= to->rows) break;
        UNROLL for (size_t j = 0; j < 2; j++) {
            float *at = to->c + r * to->ld + 16 * j;
            __m512 x = _mm512_mul_ps(alpha, sums[r][j]);
            if (to->bias) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(wanted[j], to->bias + 16 * j));
            if (to->beta != 0) x = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(wanted[j], at), x);
            if (to->streams && wanted[j] == 0xffff) _mm512_stream_ps(at, x);
            else _mm512_mask_storeu_ps(at, wanted[j], x);
        }
    }
}

/// Twelve rows, whose numbers are `row` apart and along the inner axis `next`, by a panel of b.
INLINE void multiply_tile(
    const float *a, const size_t row, const size_t next, const float *b, size_t depth, const destination *to) {
    __m512 sums[ROWS][2];
    UNROLL for (size_t r = 0; r < ROWS; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    if (!to->streams)
        for (size_t r = 0; r < to->rows; r++) {
            __builtin_prefetch(to->c + r * to->ld, 1, 3);
            __builtin_prefetch(to->c + r * to->ld + 16, 1, 3);
        }
    _Pragma("clang loop unroll_count(2)") for (size_t i = 0; i < depth; i++, a += next, b += COLUMNS) {
        const __m512 x = _mm512_load_ps(b), y = _mm512_load_ps(b + 16);
        _mm_prefetch((const char *)(b + 32 * COLUMNS), _MM_HINT_T0);  // b comes from the second or third cache
        _mm_prefetch((const char *)(b + 32 * COLUMNS + 16), _MM_HINT_T0);
        UNROLL for (size_t r = 0; r < ROWS; r++) {
            const __m512 left = _mm512_set1_ps(a[r * row]);
            sums[r][0] = _mm512_fmadd_ps(left, x, sums[r][0]);
            sums[r][1] = _mm512_fmadd_ps(left, y, sums[r][1]);
        }
    }
    finish(to, sums);
}

// Not inlined: every number of the tile stays in a register.
TARGET __attribute__((noinline)) static void multiply_rows(
    const float *a, const float *b, size_t depth, const destination *to) {
    multiply_tile(a, STEP, 1, b, depth, to);
}

TARGET __attribute__((noinline)) static void multiply_columns(
    const float *a, const float *b, size_t depth, const destination *to) {
    multiply_tile(a, 1, ROWS, b, depth, to);
}

/// Up to twelve rows of a to the working memory, zeros below.
INLINE void copy_rows(float *to, const float *a, size_t lda, size_t rows, size_t depth) {
    for (size_t r = 0; r < ROWS; r++) {
        if (r < rows) memcpy(to + r * STEP, a + r * lda, depth * sizeof *a);
        else memset(to + r * STEP, 0, depth * sizeof *a);
    }
}

/// Up to 48 rows that are stored as columns, twelve and twelve: of each the numbers of one place of the inner axis are
/// neighbors.
INLINE void copy_columns(float *to, const float *a, size_t lda, size_t rows, size_t depth) {
    const __mmask16 twelve = mask(ROWS);
    for (size_t i = 0; i < depth; i++, a += lda)
        for (size_t at = 0; at < rows; at += ROWS)
            _mm512_mask_storeu_ps(
                to + at * INNER + i * ROWS, twelve, _mm512_maskz_loadu_ps(mask(minimum(ROWS, rows - at)), a + at));
}

/// What the next copy reads, `left` runs of so many lines, some of them with each tile.
typedef struct {
    const float *run;
    size_t lda, left, lines, line;
} prospect;

INLINE void prefetch(prospect *next, size_t some) {
    for (; some > 0 && next->left > 0; some--) {
        _mm_prefetch((const char *)(next->run + 16 * next->line), _MM_HINT_T1);
        if (++next->line == next->lines) next->line = 0, next->left--, next->run += next->lda;
    }
}

TARGET void concord_float32_gemm_multiply(
    size_t m, size_t n, size_t k, size_t first, size_t last, float alpha, const float *a, size_t lda,
    bool is_transposed, const float *packed, float beta, const float *bias, float *c, size_t ldc, bool streams,
    float *scratch) {
    const size_t columns = ceiling(n, COLUMNS) * COLUMNS, height = is_transposed ? GROUP : ROWS;
    for (size_t inner = 0; inner < k; inner += INNER) {
        const size_t depth = minimum(INNER, k - inner);
        destination to = {.ld = ldc, .alpha = alpha, .beta = inner ? 1 : beta, .streams = streams};
        for (size_t group = first; group < last; group += PANELS) {
            const size_t end = minimum(last, group + PANELS);
            prospect next = {.lda = lda};
            size_t with_each = 0;
            for (size_t top = 0; top < m; top += ROWS) {
                if (group == first && top % height == 0) {  // copied once, while the rows after them are fetched
                    const size_t some = minimum(height, m - top), below = top + some;
                    const size_t after = minimum(height, m - below);
                    if (is_transposed) {
                        copy_columns(scratch + top * INNER, a + inner * lda + top, lda, some, depth);
                        next.run = a + inner * lda + below;
                        next.left = after ? depth : 0, next.lines = ceiling(after, 16);
                    } else {
                        copy_rows(scratch + top * STEP, a + top * lda + inner, lda, some, depth);
                        next.run = a + below * lda + inner;
                        next.left = after, next.lines = ceiling(depth, 16);
                    }
                    next.line = 0;
                    with_each = ceiling(next.left * next.lines, (end - group) * ceiling(some, ROWS));
                }
                to.rows = minimum(ROWS, m - top);
                for (size_t panel = group; panel < end; panel++) {
                    const size_t column = panel * COLUMNS;
                    const float *b = packed + inner * columns + column * depth;
                    to.c = c + top * ldc + column, to.columns = minimum(COLUMNS, n - column);
                    to.bias = bias && inner == 0 ? bias + column : NULL;
                    prefetch(&next, with_each);
                    if (is_transposed) multiply_columns(scratch + top * INNER, b, depth, &to);
                    else multiply_rows(scratch + top * STEP, b, depth, &to);
                }
            }
        }
    }
    if (streams) _mm_sfence();
}

#else

bool concord_float32_gemm_available(void) { return false; }

void concord_float32_gemm_pack(
    float *packed, size_t first, size_t last, const float *b, size_t ld, bool is_transposed, size_t n, size_t k) {
    __builtin_trap();
}

size_t concord_float32_gemm_scratch(void) { __builtin_trap(); }

void concord_float32_gemm_multiply(
    size_t m, size_t n, size_t k, size_t first, size_t last, float alpha, const float *a, size_t lda,
    bool is_transposed, const float *packed, float beta, const float *bias, float *c, size_t ldc, bool streams,
    float *scratch) {
    __builtin_trap();
}

#endif
