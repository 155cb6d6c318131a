// F(4x4, 3x3): see winograd.h; Lavin, Gray, section 4.3.
#include "dispatch.h"
#include "lanes.h"

#define SIDE 4
#include "winograd_tiles.h"

#define UNROLL _Pragma("clang loop unroll(full)")

enum { POSITIONS = 36 };

/// Numbers from one position to the next: a line more than `count`, for where they are a large power of two apart, all
/// positions want the same places of the cache.
INLINE size_t step_of(size_t count) { return count + LANES; }
/// Whole runs of rows, of which the last may be of nothing.
INLINE size_t room(size_t tiles) { return ceiling(tiles, ROWS) * ROWS; }
INLINE size_t inputs_step(size_t tiles, size_t channels) { return step_of(room(tiles) * channels); }
INLINE size_t products_step(size_t tiles) { return step_of(room(tiles) * WIDTH); }

// MARK: Transforms of six, four and three numbers, `step` apart

/// B' d
INLINE void transform_input(lanes *to, const lanes *d, const int step) {
    const lanes p = d[4 * step] - 4 * d[2 * step], q = d[3 * step] - 4 * d[step];
    const lanes r = d[4 * step] - d[2 * step], s = 2 * (d[3 * step] - d[step]);
    const lanes first = 4 * d[0] - 5 * d[2 * step] + d[4 * step], last = 4 * d[step] - 5 * d[3 * step] + d[5 * step];
    to[0] = first, to[step] = p + q, to[2 * step] = p - q, to[3 * step] = r + s, to[4 * step] = r - s,
    to[5 * step] = last;
}

/// A' m, to four
INLINE void transform_product(lanes *to, const int to_step, const lanes *m, const int step) {
    const lanes a = m[step] + m[2 * step], b = m[step] - m[2 * step];
    const lanes c = m[3 * step] + m[4 * step], d = m[3 * step] - m[4 * step];
    to[0] = m[0] + a + c, to[to_step] = b + 2 * d, to[2 * to_step] = a + 4 * c,
    to[3 * to_step] = b + 8 * d + m[5 * step];
}

/// A y, from four
INLINE void transform_upstream(lanes *to, const int to_step, const lanes *y, const int step) {
    const lanes e = y[0] + y[2 * step], o = y[step] + y[3 * step];
    const lanes f = y[0] + 4 * y[2 * step], g = 2 * y[step] + 8 * y[3 * step];
    to[0] = y[0], to[to_step] = e + o, to[2 * to_step] = e - o, to[3 * to_step] = f + g, to[4 * to_step] = f - g,
    to[5 * to_step] = y[3 * step];
}

/// G g, from three
INLINE void transform_weights(lanes *to, const int to_step, const lanes *g, const int step) {
    const lanes ends = g[0] + g[2 * step], far = g[0] * (1.0f / 24) + g[2 * step] * (1.0f / 6);
    const lanes middle = g[step] * (1.0f / 12);
    to[0] = g[0] * 0.25f, to[to_step] = (ends + g[step]) * (-1.0f / 6),
    to[2 * to_step] = (ends - g[step]) * (-1.0f / 6), to[3 * to_step] = far + middle, to[4 * to_step] = far - middle,
    to[5 * to_step] = g[2 * step];
}

/// G' u, to three
INLINE void transform_gradient(lanes *to, const int to_step, const lanes *u, const int step) {
    const lanes near = (u[step] + u[2 * step]) * (1.0f / 6), far = u[3 * step] + u[4 * step];
    to[0] = u[0] * 0.25f - near + far * (1.0f / 24);
    to[to_step] = (u[2 * step] - u[step]) * (1.0f / 6) + (u[3 * step] - u[4 * step]) * (1.0f / 12);
    to[2 * to_step] = u[5 * step] - near + far * (1.0f / 6);
}

// MARK: Tiles

INLINE void get_or_zero(lanes *to, const void *at, size_t channel) {
    *to = (lanes){0};
    if (at) load(to, (const float *)at + channel, LANES);
}

// MARK: Sums in registers

/// `to[row] = a[row] b`, or added to: sums of `depth` products for rows by `vectors` vectors of columns.
INLINE void multiply_rows(
    float *to, const float *a, size_t of_row, size_t of_depth, const float *b, size_t of_b, size_t depth,
    const int vectors, const int rows, const bool adds) {
    lanes sum[ROWS][4];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = (lanes){0};
    for (size_t p = 0; p < depth; p++, a += of_depth, b += of_b) {
        lanes right[4];
        UNROLL for (int v = 0; v < vectors; v++) load(right + v, b + v * LANES, LANES);
        UNROLL for (int r = 0; r < rows; r++) {
            const float x = a[r * of_row];
            const lanes left = {x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
            UNROLL for (int v = 0; v < vectors; v++) sum[r][v] += left * right[v];
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int v = 0; v < vectors; v++) {
        float *at = to + r * WIDTH + v * LANES;
        if (adds) {  // once for many products: the sum of all is larger, and rounds each more
            lanes old;
            load(&old, at, LANES);
            sum[r][v] += old;
        }
        store(at, &sum[r][v], LANES);
    }
}

typedef struct {
    float *to;
    const float *a, *b;
    size_t rows, width, depth, of_row, of_depth, of_b;
} product;

INLINE void multiply_columns(product p, size_t column, const int vectors, const bool adds) {
#define MULTIPLY(rows) \
    multiply_rows( \
        p.to + r * WIDTH + column, p.a + r * p.of_row, p.of_row, p.of_depth, p.b + column, p.of_b, p.depth, vectors, \
        rows, adds)
    size_t r = 0;
    for (; r + ROWS <= p.rows; r += ROWS) MULTIPLY(ROWS);
    // What is left of channels, 16 n; tiles have room for whole runs.
    if (p.rows - r == 4) MULTIPLY(4);
    else if (p.rows - r == 2) MULTIPLY(2);
#undef MULTIPLY
}

// MARK: Sizes

static size_t packed_bytes(size_t channels, size_t filters) { return POSITIONS * channels * filters * sizeof(float); }

/// As many as fit the second cache with their products; where weights exceed the last one, more for each look at them.
static size_t block_of(size_t channels) { return channels <= 256 ? 2 * ROWS : 4 * ROWS; }

static size_t scratch_bytes(size_t channels) {
    const size_t tiles = block_of(channels);
    return POSITIONS * (inputs_step(tiles, channels) + products_step(tiles)) * sizeof(float);
}

static size_t tiles_bytes(size_t tiles, size_t channels) {
    return POSITIONS * inputs_step(tiles, channels) * sizeof(float);
}

/// Channels, and tiles, whose products are summed in registers, and whose part of a block of filters stays in the cache:
/// sums of more round more, to twice the error at four times as many.
enum { CHANNELS = 64, DEPTH = 256 };

// MARK: Processors

#if defined(__x86_64__) && defined(__linux__)
// Vectors of 512 bits in single registers, which the compiler else avoids: transformed tiles and sums fill them all.
#define TARGET __attribute__((target("arch=x86-64-v4"), min_vector_width(512)))
#define NAME(name) name##_v4
#define COLUMNS 4
#include "winograd_float32.h"
#undef TARGET
#undef NAME
#undef COLUMNS

#define TARGET __attribute__((target("arch=x86-64-v3")))
#define NAME(name) name##_v3
#define COLUMNS 1
#include "winograd_float32.h"
#undef TARGET
#undef NAME
#undef COLUMNS
#endif

#define TARGET
#define NAME(name) name##_baseline
#define COLUMNS 1
#include "winograd_float32.h"

const concord_winograd_kernels *concord_winograd_float32(void) {
#if defined(__x86_64__) && defined(__linux__)
    if (__builtin_cpu_supports("x86-64-v4")) return &kernels_v4;
    if (__builtin_cpu_supports("x86-64-v3")) return &kernels_v3;
#endif
    return &kernels_baseline;
}
