// F(2x2, 3x3): see winograd.h; Lavin, Gray, section 4.1.
#include <stdint.h>

#define SIDE 2
#include "winograd_tiles.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#define VECTORS __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")))
#define INLINE static inline __attribute__((always_inline)) VECTORS
#define UNROLL _Pragma("clang loop unroll(full)")

/// Positions of a transformed tile; lanes of a vector.
enum { POSITIONS = 16, LANES = 16 };

static bool is_available(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    const unsigned avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;  // F, DQ, BW, VL
    if ((b & avx512) != avx512) return false;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5) != 0;  // AVX512-BF16
}

// MARK: Tiles

INLINE __m512 load(const uint16_t *from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)from)), 16));
}

INLINE void store(uint16_t *to, __m512 x) { _mm256_storeu_si256((void *)to, (__m256i)_mm512_cvtneps_pbh(x)); }

/// Two tiles' numbers by turns.
INLINE void store_pair(uint16_t *to, __m512 x, __m512 y) {
    const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x)),
                  high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(y));
    _mm512_storeu_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}

/// d = B' d B
INLINE void transform_input(__m512 *d) {
    UNROLL for (int j = 0; j < 4; j++) {
        const __m512 a = d[j], b = d[4 + j], c = d[8 + j], e = d[12 + j];
        d[j] = _mm512_sub_ps(a, c), d[4 + j] = _mm512_add_ps(b, c);
        d[8 + j] = _mm512_sub_ps(c, b), d[12 + j] = _mm512_sub_ps(b, e);
    }
    UNROLL for (int i = 0; i < 16; i += 4) {
        const __m512 a = d[i], b = d[i + 1], c = d[i + 2], e = d[i + 3];
        d[i] = _mm512_sub_ps(a, c), d[i + 1] = _mm512_add_ps(b, c);
        d[i + 2] = _mm512_sub_ps(c, b), d[i + 3] = _mm512_sub_ps(b, e);
    }
}

INLINE __m512 load_or_zero(const void *at, size_t channel) {
    return at ? load((const uint16_t *)at + channel) : _mm512_setzero_ps();
}

INLINE void load_input(__m512 *d, const void *const *at, size_t channel) {
    UNROLL for (int i = 0; i < POSITIONS; i++) d[i] = load_or_zero(at[i], channel);
    transform_input(d);
}

/// y = A' m A, two rows of two.
INLINE void transform_product(__m512 *y, const __m512 *m) {
    __m512 s[8];
    UNROLL for (int j = 0; j < 4; j++) {
        s[j] = _mm512_add_ps(_mm512_add_ps(m[j], m[4 + j]), m[8 + j]);
        s[4 + j] = _mm512_sub_ps(_mm512_sub_ps(m[4 + j], m[8 + j]), m[12 + j]);
    }
    UNROLL for (int i = 0; i < 2; i++) {
        const __m512 *r = s + 4 * i;
        y[2 * i] = _mm512_add_ps(_mm512_add_ps(r[0], r[1]), r[2]);
        y[2 * i + 1] = _mm512_sub_ps(_mm512_sub_ps(r[1], r[2]), r[3]);
    }
}

/// d = A y A', sixteen from four.
INLINE void transform_output(__m512 *d, const __m512 *y) {
    __m512 s[8];
    UNROLL for (int j = 0; j < 2; j++) {
        const __m512 a = y[j], b = y[2 + j];
        s[j] = a, s[2 + j] = _mm512_add_ps(a, b), s[4 + j] = _mm512_sub_ps(a, b),
        s[6 + j] = _mm512_sub_ps(_mm512_setzero_ps(), b);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        const __m512 a = s[2 * i], b = s[2 * i + 1];
        d[4 * i] = a, d[4 * i + 1] = _mm512_add_ps(a, b), d[4 * i + 2] = _mm512_sub_ps(a, b),
              d[4 * i + 3] = _mm512_sub_ps(_mm512_setzero_ps(), b);
    }
}

// MARK: Weights

static size_t packed_bytes(size_t channels, size_t filters) {
    return POSITIONS * channels * filters * sizeof(uint16_t);
}

/// u = G g G'
INLINE void transform_weights(__m512 *u, const __m512 *g) {
    const __m512 half = _mm512_set1_ps(0.5f);
    __m512 s[12];
    UNROLL for (int j = 0; j < 3; j++) {
        const __m512 ends = _mm512_add_ps(g[j], g[6 + j]);
        s[j] = g[j], s[9 + j] = g[6 + j];
        s[3 + j] = _mm512_mul_ps(half, _mm512_add_ps(ends, g[3 + j]));
        s[6 + j] = _mm512_mul_ps(half, _mm512_sub_ps(ends, g[3 + j]));
    }
    UNROLL for (int i = 0; i < 4; i++) {
        const __m512 *r = s + 3 * i, ends = _mm512_add_ps(r[0], r[2]);
        u[4 * i] = r[0], u[4 * i + 3] = r[2];
        u[4 * i + 1] = _mm512_mul_ps(half, _mm512_add_ps(ends, r[1]));
        u[4 * i + 2] = _mm512_mul_ps(half, _mm512_sub_ps(ends, r[1]));
    }
}

/// g = G' u G
INLINE void transform_gradient(__m512 *g, const __m512 *u) {
    const __m512 half = _mm512_set1_ps(0.5f);
    __m512 s[12];
    UNROLL for (int j = 0; j < 4; j++) {
        const __m512 sum = _mm512_mul_ps(half, _mm512_add_ps(u[4 + j], u[8 + j]));
        s[j] = _mm512_add_ps(u[j], sum), s[8 + j] = _mm512_add_ps(u[12 + j], sum);
        s[4 + j] = _mm512_mul_ps(half, _mm512_sub_ps(u[4 + j], u[8 + j]));
    }
    UNROLL for (int i = 0; i < 3; i++) {
        const __m512 *r = s + 4 * i, sum = _mm512_mul_ps(half, _mm512_add_ps(r[1], r[2]));
        g[3 * i] = _mm512_add_ps(r[0], sum), g[3 * i + 2] = _mm512_add_ps(r[3], sum);
        g[3 * i + 1] = _mm512_mul_ps(half, _mm512_sub_ps(r[1], r[2]));
    }
}

/// The places of sixteen kernels of 3x3, `step` kernels apart.
INLINE __m512i places(size_t step) {
    const __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_mullo_epi32(lanes, _mm512_set1_epi32((int)(9 * step)));
}

// Blocks of 64 filters one after the other, `[16, channels / 2, filters of the block, 2]` each.
VECTORS static void pack(
    void *packed, const float *weights, size_t channels, size_t filters, bool is_turned, size_t first, size_t last) {
    const size_t of_filter = is_turned ? 1 : channels, of_channel = is_turned ? filters : 1;
    const __m512i at = places(of_filter);
    for (size_t k = first; k < last; k += LANES) {
        const size_t block = k / WIDTH, width = width_of(filters, block), step = channels * width;
        uint16_t *to = (uint16_t *)packed + block * WIDTH * POSITIONS * channels + 2 * (k - block * WIDTH);
        for (size_t c = 0; c < channels; c += 2, to += width * 2) {
            __m512 u[2][POSITIONS];
            UNROLL for (int n = 0; n < 2; n++) {
                const float *from = weights + 9 * ((c + n) * of_channel + k * of_filter);
                __m512 g[9];
                UNROLL for (int i = 0; i < 9; i++) g[i] = _mm512_i32gather_ps(at, from + (is_turned ? 8 - i : i), 4);
                transform_weights(u[n], g);
            }
            UNROLL for (int i = 0; i < POSITIONS; i++) store_pair(to + i * step, u[0][i], u[1][i]);
        }
    }
}

// MARK: Convolution

/// Numbers from one of the sixteen positions to the next: a line more than `count`, for where they are a large power of
/// two apart, all sixteen want the same places of the cache.
static size_t inputs_step(size_t count) { return count + 64 / sizeof(uint16_t); }
static size_t products_step(size_t tiles) { return tiles * WIDTH + 64 / sizeof(float); }

static size_t block_of(size_t channels) { return channels <= 128 ? 8 * ROWS : 4 * ROWS; }

static size_t scratch_bytes(size_t channels) {
    const size_t tiles = block_of(channels);
    return POSITIONS * (inputs_step(tiles * channels) * sizeof(uint16_t) + products_step(tiles) * sizeof(float)) + 64;
}

/// `to[row][column] = a[row] b`: rows of `pairs` pairs by columns of pairs.
INLINE void multiply_rows(
    float *to, size_t to_stride, const uint16_t *a, size_t a_stride, const uint16_t *b, size_t pairs,
    const int vectors) {
    __m512 sum[ROWS][4];
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < 4; v++) sum[r][v] = _mm512_setzero_ps();
    for (size_t p = 0; p < pairs; p++, b += vectors * 32) {
        __m512bh right[4];
        UNROLL for (int v = 0; v < 4; v++)
            if (v < vectors) right[v] = (__m512bh)_mm512_loadu_si512(b + v * 32);
        UNROLL for (int r = 0; r < ROWS; r++) {
            int32_t pair;
            memcpy(&pair, a + r * a_stride + 2 * p, sizeof pair);
            const __m512bh left = (__m512bh)_mm512_set1_epi32(pair);
            UNROLL for (int v = 0; v < 4; v++)
                if (v < vectors) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
        }
    }
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < 4; v++)
        if (v < vectors) _mm512_storeu_ps(to + r * to_stride + v * LANES, sum[r][v]);
}

VECTORS static void multiply(
    float *to, const uint16_t *a, size_t a_stride, const uint16_t *b, size_t rows, size_t pairs, size_t width) {
    for (size_t r = 0; r < rows; r += ROWS) {
        float *c = to + r * WIDTH;
        const uint16_t *left = a + r * a_stride;
        switch (width / LANES) {
        case 1: multiply_rows(c, WIDTH, left, a_stride, b, pairs, 1); break;
        case 2: multiply_rows(c, WIDTH, left, a_stride, b, pairs, 2); break;
        case 3: multiply_rows(c, WIDTH, left, a_stride, b, pairs, 3); break;
        default: multiply_rows(c, WIDTH, left, a_stride, b, pairs, 4);
        }
    }
}

/// The outputs of a tile for some filters from its sixteen products, `step` numbers apart.
INLINE void write_tile(
    uint16_t *output, const float *products, size_t step, const float *bias, concord_winograd s, size_t tile,
    size_t filter, size_t width) {
    const place p = place_of(s, tile);
    uint16_t *to = output + ((p.sample * s.height + p.row) * s.width + p.column) * s.filters + filter;
    const bool right = p.column + 1 < s.width, below = p.row + 1 < s.height;
    for (size_t k = 0; k < width; k += LANES) {
        __m512 m[POSITIONS], y[4];
        UNROLL for (int i = 0; i < POSITIONS; i++) m[i] = _mm512_loadu_ps(products + i * step + k);
        transform_product(y, m);
        if (bias) {
            const __m512 b = _mm512_loadu_ps(bias + filter + k);
            UNROLL for (int i = 0; i < 4; i++) y[i] = _mm512_add_ps(y[i], b);
        }
        store(to + k, y[0]);
        if (right) store(to + s.filters + k, y[1]);
        if (below) store(to + s.width * s.filters + k, y[2]);
        if (right && below) store(to + (s.width + 1) * s.filters + k, y[3]);
    }
}

VECTORS static void convolve(
    void *output, const void *input, const void *packed, const float *bias, concord_winograd s, size_t first,
    size_t last, bool streams, void *scratch) {
    (void)streams;  // sixteen numbers are half a line
    const size_t tiles = last - first, room = block_of(s.channels), channels = s.channels;
    float *products = (float *)(((uintptr_t)scratch + 63) / 64 * 64);
    const size_t input_step = inputs_step(room * channels), product_step = products_step(room);
    uint16_t *inputs = (uint16_t *)(products + POSITIONS * product_step);
    for (size_t t = 0; t < tiles; t++) {
        const void *at[POSITIONS];
        find(at, input, s, channels, first + t, 4, 1, sizeof(uint16_t));
        for (size_t c = 0; c < channels; c += LANES) {
            __m512 d[POSITIONS];
            load_input(d, at, c);
            UNROLL for (int i = 0; i < POSITIONS; i++) store(inputs + i * input_step + t * channels + c, d[i]);
        }
    }
    const size_t rows = ceiling(tiles, ROWS) * ROWS;
    for (size_t block = 0; block * WIDTH < s.filters; block++) {
        const size_t width = width_of(s.filters, block);
        const uint16_t *weights = (const uint16_t *)packed + block * WIDTH * POSITIONS * channels;
        for (size_t i = 0; i < POSITIONS; i++)
            multiply(
                products + i * product_step, inputs + i * input_step, channels, weights + i * channels * width, rows,
                channels / 2, width);
        for (size_t t = 0; t < tiles; t++)
            write_tile(output, products + t * WIDTH, product_step, bias, s, first + t, block * WIDTH, width);
    }
}

// MARK: Gradient of the weights

static size_t tiles_bytes(size_t tiles, size_t channels) {
    return POSITIONS * inputs_step(2 * ceiling(tiles, 2) * channels) * sizeof(uint16_t);
}

VECTORS static void inputs(
    void *to, size_t tiles, size_t at, const void *input, concord_winograd s, size_t first, size_t last) {
    const size_t step = inputs_step(2 * ceiling(tiles, 2) * s.channels);
    uint16_t *pairs = (uint16_t *)to + at * s.channels;
    for (size_t t = first; t < last; t += 2, pairs += 2 * s.channels) {
        const void *a[POSITIONS], *b[POSITIONS] = {0};  // an odd last tile is paired with zeros
        find(a, input, s, s.channels, t, 4, 1, sizeof(uint16_t));
        if (t + 1 < last) find(b, input, s, s.channels, t + 1, 4, 1, sizeof(uint16_t));
        for (size_t c = 0; c < s.channels; c += LANES) {
            __m512 x[POSITIONS], y[POSITIONS];
            load_input(x, a, c);
            load_input(y, b, c);
            UNROLL for (int i = 0; i < POSITIONS; i++) store_pair(pairs + i * step + 2 * c, x[i], y[i]);
        }
    }
}

INLINE void load_upstream(__m512 *d, const void *const *at, size_t filter) {
    __m512 y[4];
    UNROLL for (int i = 0; i < 4; i++) y[i] = load_or_zero(at[i], filter);
    transform_output(d, y);
}

VECTORS static void upstream(
    void *to, size_t tiles, size_t at, const void *gradient, concord_winograd s, size_t first, size_t last) {
    const size_t step = inputs_step(2 * ceiling(tiles, 2) * s.filters);
    uint16_t *pairs = (uint16_t *)to + at * s.filters;
    for (size_t t = first; t < last; t += 2, pairs += 2 * s.filters) {
        const void *a[4], *b[4] = {0};
        find(a, gradient, s, s.filters, t, 2, 0, sizeof(uint16_t));
        if (t + 1 < last) find(b, gradient, s, s.filters, t + 1, 2, 0, sizeof(uint16_t));
        for (size_t k = 0; k < s.filters; k += LANES) {
            __m512 x[POSITIONS], y[POSITIONS];
            load_upstream(x, a, k);
            load_upstream(y, b, k);
            UNROLL for (int i = 0; i < POSITIONS; i++) store_pair(pairs + i * step + 2 * k, x[i], y[i]);
        }
    }
}

/// Pairs of tiles whose products are summed in registers: their part of a block of outputs stays in the cache.
enum { PAIRS = 128 };

INLINE void add_rows(
    float *to, const uint16_t *a, size_t a_stride, const uint16_t *b, size_t b_stride, size_t pairs, const int vectors,
    const int rows) {
    __m512 sum[ROWS][4];
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < 4; v++)
        if (r < rows && v < vectors) sum[r][v] = _mm512_loadu_ps(to + r * WIDTH + v * LANES);
    for (size_t p = 0; p < pairs; p++, a += a_stride, b += b_stride) {
        __m512bh right[4];
        UNROLL for (int v = 0; v < 4; v++)
            if (v < vectors) right[v] = (__m512bh)_mm512_loadu_si512(b + v * 32);
        UNROLL for (int r = 0; r < ROWS; r++) {
            if (r >= rows) continue;
            int32_t pair;
            memcpy(&pair, a + 2 * r, sizeof pair);
            const __m512bh left = (__m512bh)_mm512_set1_epi32(pair);
            UNROLL for (int v = 0; v < 4; v++)
                if (v < vectors) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], left, right[v]);
        }
    }
    UNROLL for (int r = 0; r < ROWS; r++) UNROLL for (int v = 0; v < 4; v++)
        if (r < rows && v < vectors) _mm512_storeu_ps(to + r * WIDTH + v * LANES, sum[r][v]);
}

INLINE void add_products(
    float *sums, const uint16_t *a, const uint16_t *b, size_t pairs, size_t channels, size_t filters,
    const int vectors) {
    for (size_t p = 0; p < pairs; p += PAIRS) {
        const size_t some = minimum(PAIRS, pairs - p);
        const uint16_t *left = a + p * channels * 2, *right = b + p * filters * 2;
        size_t c = 0;
        for (; c + ROWS <= channels; c += ROWS)
            add_rows(sums + c * WIDTH, left + 2 * c, channels * 2, right, filters * 2, some, vectors, ROWS);
        // 16 n = 6 m + 0, 2 or 4
        if (channels - c == 4) {
            add_rows(sums + c * WIDTH, left + 2 * c, channels * 2, right, filters * 2, some, vectors, 4);
        } else if (channels - c == 2) {
            add_rows(sums + c * WIDTH, left + 2 * c, channels * 2, right, filters * 2, some, vectors, 2);
        }
    }
}

VECTORS static void accumulate(
    float *sums, const void *inputs, const void *upstream, size_t tiles, concord_winograd s, size_t position,
    size_t block) {
    const size_t channels = s.channels, filters = s.filters, pairs = ceiling(tiles, 2);
    const uint16_t *a = (const uint16_t *)inputs + position * inputs_step(2 * pairs * channels),
                   *b = (const uint16_t *)upstream + position * inputs_step(2 * pairs * filters) + block * WIDTH * 2;
    float *to = sums + position * channels * WIDTH;
    switch (width_of(filters, block) / LANES) {
    case 1: add_products(to, a, b, pairs, channels, filters, 1); break;
    case 2: add_products(to, a, b, pairs, channels, filters, 2); break;
    case 3: add_products(to, a, b, pairs, channels, filters, 3); break;
    default: add_products(to, a, b, pairs, channels, filters, 4);
    }
}

VECTORS static void unpack(
    float *weights, const float *sums, size_t channels, size_t first, size_t last) {
    const size_t step = channels * WIDTH;
    const __m512i at = places(channels);
    for (size_t k = first; k < last; k += LANES)
        for (size_t c = 0; c < channels; c++) {
            const float *from = sums + c * WIDTH + k % WIDTH;
            __m512 u[POSITIONS], g[9];
            UNROLL for (int i = 0; i < POSITIONS; i++) u[i] = _mm512_loadu_ps(from + i * step);
            transform_gradient(g, u);
            float *to = weights + 9 * (k * channels + c);
            UNROLL for (int i = 0; i < 9; i++) _mm512_i32scatter_ps(to + i, at, g[i], 4);
        }
}

const concord_winograd_kernels *concord_winograd_bfloat16(void) {
    static const concord_winograd_kernels kernels = {
        .side = SIDE, .positions = POSITIONS, .tile_bytes = POSITIONS * sizeof(uint16_t), .packed_bytes = packed_bytes,
        .pack = pack, .block = block_of, .scratch_bytes = scratch_bytes, .convolve = convolve,
        .tiles_bytes = tiles_bytes, .inputs = inputs, .upstream = upstream, .accumulate = accumulate,
        .unpack = unpack};
    return is_available() ? &kernels : NULL;
}

#else

const concord_winograd_kernels *concord_winograd_bfloat16(void) { return NULL; }

#endif
