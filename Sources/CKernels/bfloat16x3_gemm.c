// See bfloat16x3_gemm.h.
#define _GNU_SOURCE
#include "bfloat16x3_gemm.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TARGET __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,xsave")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#include "avx512.h"

enum { SIDE = CONCORD_BFLOAT16X3_SIDE, DEPTH = CONCORD_BFLOAT16X3_DEPTH, BLOCK = CONCORD_BFLOAT16X3_BYTES, PARTS = 3 };
/// Bytes of a tile: 16 rows of 16 words. A block of a panel is two tiles of each part.
enum { TILE = 1024, SQUARE = SIDE * SIDE };
/// What stays in the second cache: panels of rows of a, their blocks along the inner axis, and panels of columns of c.
enum { ROWS = 8, INNER = CONCORD_BFLOAT16X3_INNER / DEPTH, COLUMNS = 16 };

TARGET bool concord_bfloat16x3_available(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    const unsigned bf16 = 1u << 22, tile = 1u << 24,
                   avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
    if ((d & bf16) == 0 || (d & tile) == 0 || (b & avx512) != avx512) return false;
    if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || (a & 1u << 5) == 0) return false;  // AVX512-BF16
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & 1u << 27) == 0) return false;  // XGETBV
    const unsigned long long kept = 0x600e6;  // vectors, masks and tiles
    if ((_xgetbv(0) & kept) != kept) return false;
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

TARGET static void configure(void) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t bytes[16];
        uint8_t rows[16];
    } tiles = {.palette = 1};
    for (int t = 0; t < 8; t++) {
        tiles.bytes[t] = 64;
        tiles.rows[t] = 16;
    }
    _tile_loadconfig(&tiles);
}

// MARK: Packing

/// 32 numbers as rows of a tile whose sum they are.
typedef struct {
    __m512i part[PARTS];
} parts;

INLINE __m512 to_float32(__m256i x) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }

INLINE parts split(__m512 x, __m512 y) {
    parts result;
    for (int p = 0; p < PARTS; p++) {
        result.part[p] = (__m512i)_mm512_cvtne2ps_pbh(y, x);
        x = _mm512_sub_ps(x, to_float32(_mm512_castsi512_si256(result.part[p])));  // exact
        y = _mm512_sub_ps(y, to_float32(_mm512_extracti64x4_epi64(result.part[p], 1)));
    }
    return result;
}

/// The same with the numbers of both by turns: x0 y0 x1 y1 ….
INLINE parts split_by_turns(__m512 x, __m512 y) {
    const __m512i order = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1,
        16, 0);
    parts result = split(x, y);
    for (int p = 0; p < PARTS; p++) result.part[p] = _mm512_permutexvar_epi16(order, result.part[p]);
    return result;
}

/// A tile of 16 rows of 32 inner numbers (`is_turned`: 16 pairs of inner numbers of 16 columns) from memory in which
/// inner numbers are neighbors.
INLINE void pack_along(
    uint8_t *to, bool is_turned, const float *from, size_t ld, size_t rows, size_t inner, __m512 scale) {
    __m512i row[PARTS][16];
    const __mmask16 first = mask(inner), second = inner > 16 ? mask(inner - 16) : 0;
    for (size_t r = 0; r < 16; r++) {
        __m512 x = _mm512_setzero_ps(), y = _mm512_setzero_ps();
        if (r < rows) {
            x = _mm512_maskz_loadu_ps(first, from + r * ld);
            if (second) y = _mm512_maskz_loadu_ps(second, from + r * ld + 16);
        }
        parts s = split(_mm512_mul_ps(x, scale), _mm512_mul_ps(y, scale));
        for (int p = 0; p < PARTS; p++) row[p][r] = s.part[p];
    }
    for (int p = 0; p < PARTS; p++) {
        if (is_turned) transpose(row[p]);
        for (size_t r = 0; r < 16; r++) _mm512_store_si512(to + p * 2 * TILE + r * 64, row[p][r]);
    }
}

/// The same from memory in which rows (columns) are neighbors.
INLINE void pack_across(
    uint8_t *to, bool is_turned, const float *from, size_t ld, size_t rows, size_t inner, __m512 scale) {
    __m512i row[PARTS][16];
    const __mmask16 wanted = mask(rows);
    for (size_t r = 0; r < 16; r++) {
        __m512 x = _mm512_setzero_ps(), y = _mm512_setzero_ps();
        if (2 * r < inner) x = _mm512_maskz_loadu_ps(wanted, from + 2 * r * ld);
        if (2 * r + 1 < inner) y = _mm512_maskz_loadu_ps(wanted, from + (2 * r + 1) * ld);
        parts s = split_by_turns(_mm512_mul_ps(x, scale), _mm512_mul_ps(y, scale));
        for (int p = 0; p < PARTS; p++) row[p][r] = s.part[p];
    }
    for (int p = 0; p < PARTS; p++) {
        if (!is_turned) transpose(row[p]);
        for (size_t r = 0; r < 16; r++) _mm512_store_si512(to + p * 2 * TILE + r * 64, row[p][r]);
    }
}

/// One block of a panel. `from` is its first number; inner numbers are neighbors (`is_along`) or rows are.
INLINE void pack_block(
    uint8_t *to, bool is_turned, bool is_along, const float *from, size_t ld, size_t rows, size_t inner, __m512 scale) {
    for (size_t t = 0; t < 2; t++) {
        const size_t left = rows > 16 * t ? minimum(rows - 16 * t, 16) : 0;
        if (is_along) {
            pack_along(to + t * TILE, is_turned, from + 16 * t * ld, ld, left, inner, scale);
        } else {
            pack_across(to + t * TILE, is_turned, from + 16 * t, ld, left, inner, scale);
        }
    }
}

/// The place of a block of a panel. `INNER` blocks of every panel come before the next of any, contiguous.
static size_t place(size_t panels, size_t panel, size_t block, size_t blocks) {
    const size_t first = block / INNER * INNER, length = minimum(INNER, blocks - first);
    return (first * panels + panel * length + (block - first)) * BLOCK;
}

TARGET void concord_bfloat16x3_pack(
    void *packed, size_t first, size_t last, const float *b, size_t ld, bool is_transposed, size_t n, size_t k) {
    const size_t panels = ceiling(n, SIDE), blocks = ceiling(k, DEPTH), some = last - first;
    const __m512 one = _mm512_set1_ps(1);
    for (size_t i = 0; i < some * blocks; i++) {  // in memory order
        const size_t panel = first + (is_transposed ? i / blocks : i % some),
                     block = is_transposed ? i % blocks : i / some;
        const size_t inner = block * DEPTH, depth = minimum(DEPTH, k - inner), column = panel * SIDE,
                     width = minimum(SIDE, n - column);
        uint8_t *to = (uint8_t *)packed + place(panels, panel, block, blocks);
        if (is_transposed) {
            pack_block(to, true, true, b + column * ld + inner, ld, width, depth, one);
        } else {
            pack_block(to, true, false, b + inner * ld + column, ld, width, depth, one);
        }
    }
}

/// `rows` of a from `top` on, `depth` of their blocks from block `inner` on, times `scale`.
INLINE void pack_rows(
    uint8_t *packed, const float *a, size_t ld, bool is_transposed, size_t top, size_t rows, size_t inner, size_t depth,
    size_t k, __m512 scale) {
    const size_t bands = ceiling(rows, SIDE);
    for (size_t i = 0; i < bands * depth; i++) {
        const size_t band = is_transposed ? i % bands : i / depth, block = is_transposed ? i / bands : i % depth;
        const size_t row = top + band * SIDE, height = minimum(SIDE, rows - band * SIDE);
        const size_t at = (inner + block) * DEPTH, length = minimum(DEPTH, k - at);
        uint8_t *to = packed + place(bands, band, block, depth);
        if (is_transposed) {
            pack_block(to, false, false, a + at * ld + row, ld, height, length, scale);
        } else {
            pack_block(to, false, true, a + row * ld + at, ld, height, length, scale);
        }
    }
}

// MARK: Multiplying

#define MULTIPLY(i, j) _tile_dpbf16ps(2 * i + j, 4 + i, 6 + j)
#define LEFT(i, part) _tile_loadd(4 + i, a + (2 * (part) + i) * TILE, 64)
#define RIGHT(j, part) _tile_loadd(6 + j, b + (2 * (part) + j) * TILE, 64)

/// A square of c from `blocks` of a panel of each factor. Tiles are loaded as soon as the last product with the one
/// before them has begun.
INLINE void multiply_square(const uint8_t *a, const uint8_t *b, size_t blocks, float *square) {
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
    LEFT(0, 0), RIGHT(0, 0), LEFT(1, 0), RIGHT(1, 0);
    for (size_t block = 0; block < blocks; block++) {
        const size_t next = block + 1 < blocks ? BLOCK : 0;
        MULTIPLY(0, 0), MULTIPLY(1, 0), RIGHT(0, 2), MULTIPLY(0, 1), MULTIPLY(1, 1), RIGHT(1, 2);
        MULTIPLY(0, 0), MULTIPLY(1, 0), RIGHT(0, 1), MULTIPLY(0, 1), MULTIPLY(1, 1), RIGHT(1, 1);
        MULTIPLY(0, 0), MULTIPLY(0, 1), LEFT(0, 1), MULTIPLY(1, 0), MULTIPLY(1, 1), LEFT(1, 1);
        MULTIPLY(0, 0), MULTIPLY(1, 0), RIGHT(0, 0), MULTIPLY(0, 1), MULTIPLY(1, 1), RIGHT(1, 0);
        MULTIPLY(0, 0), MULTIPLY(0, 1), LEFT(0, 2), MULTIPLY(1, 0), MULTIPLY(1, 1), LEFT(1, 2);
        a += next, b += next;
        MULTIPLY(0, 0), MULTIPLY(0, 1), LEFT(0, 0), MULTIPLY(1, 0), RIGHT(0, 0), MULTIPLY(1, 1), LEFT(1, 0),
            RIGHT(1, 0);
    }
    _tile_stored(0, square, 64), _tile_stored(1, square + 256, 64);
    _tile_stored(2, square + 512, 64), _tile_stored(3, square + 768, 64);
}

/// c = squares + bias, or + beta c, for a band of rows whose neighboring squares are `step` squares apart.
INLINE void put(
    float *c, size_t ldc, const float *squares, size_t step, size_t rows, size_t columns, float beta, const float *bias,
    bool streams) {
    const __m512 old = _mm512_set1_ps(beta);
    for (size_t r = 0; r < rows; r++, c += ldc)
        for (size_t j = 0; j < columns; j += 16) {
            const __mmask16 wanted = mask(columns - j);
            __m512 x = _mm512_load_ps(squares + j / SIDE * step * SQUARE + j % SIDE * 16 + r / 16 * 512 + r % 16 * 16);
            if (bias) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(wanted, bias + j));
            if (beta != 0) x = _mm512_fmadd_ps(old, _mm512_maskz_loadu_ps(wanted, c + j), x);
            if (streams) {
                _mm512_stream_ps(c + j, x);
            } else {
                _mm512_mask_storeu_ps(c + j, wanted, x);
            }
        }
}

static size_t bytes_of_rows(size_t m, size_t k) {
    return minimum(ROWS, ceiling(m, SIDE)) * minimum(INNER, ceiling(k, DEPTH)) * BLOCK;
}

size_t concord_bfloat16x3_scratch(size_t m, size_t n, size_t k) {
    return bytes_of_rows(m, k) +
        minimum(ROWS, ceiling(m, SIDE)) * minimum(COLUMNS, ceiling(n, SIDE)) * SQUARE * sizeof(float);
}

TARGET void concord_bfloat16x3_multiply(
    size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, bool is_transposed, const void *b,
    float beta, const float *bias, float *c, size_t ldc, bool streams, void *scratch) {
    const size_t panels = ceiling(n, SIDE), blocks = ceiling(k, DEPTH);
    const __m512 scale = _mm512_set1_ps(alpha);
    uint8_t *lines = scratch;
    float *squares = (float *)(lines + bytes_of_rows(m, k));
    configure();
    // A square's sum stays in registers for `INNER` blocks; whole rows of squares are written, so that memory sees long
    // runs.
    for (size_t top = 0; top < m; top += ROWS * SIDE)
        for (size_t inner = 0; inner < blocks; inner += INNER) {
            const size_t rows = minimum(ROWS * SIDE, m - top), bands = ceiling(rows, SIDE),
                         depth = minimum(INNER, blocks - inner);
            pack_rows(lines, a, lda, is_transposed, top, rows, inner, depth, k, scale);
            for (size_t left = 0; left < panels; left += COLUMNS) {
                const size_t right = minimum(panels, left + COLUMNS), column = left * SIDE,
                             width = minimum(right * SIDE, n) - column;
                for (size_t panel = left; panel < right; panel++)
                    for (size_t band = 0; band < bands; band++)
                        multiply_square(
                            lines + place(bands, band, 0, depth),
                            (const uint8_t *)b + place(panels, panel, inner, blocks), depth,
                            squares + ((panel - left) * bands + band) * SQUARE);
                for (size_t band = 0; band < bands; band++) {
                    float *to = c + (top + band * SIDE) * ldc + column;
                    put(to, ldc, squares + band * SQUARE, bands, minimum(SIDE, rows - band * SIDE), width,
                        inner ? 1 : beta, inner || !bias ? NULL : bias + column, streams);
                }
            }
        }
    _tile_release();
    if (streams) _mm_sfence();
}

#else

bool concord_bfloat16x3_available(void) { return false; }

void concord_bfloat16x3_pack(
    void *packed, size_t first, size_t last, const float *b, size_t ld, bool is_transposed, size_t n, size_t k) {
    __builtin_trap();
}

size_t concord_bfloat16x3_scratch(size_t m, size_t n, size_t k) { __builtin_trap(); }

void concord_bfloat16x3_multiply(
    size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, bool is_transposed, const void *b,
    float beta, const float *bias, float *c, size_t ldc, bool streams, void *scratch) {
    __builtin_trap();
}

#endif
