#include "resampling.h"

#include "dispatch.h"

typedef int32_t lanes __attribute__((vector_size(64), aligned(4)));
typedef uint8_t octets16 __attribute__((vector_size(16), aligned(1)));
typedef uint32_t pixels4 __attribute__((vector_size(16), aligned(1)));

typedef uint32_t unaligned __attribute__((aligned(1), may_alias));

#define HALF (1 << (CONCORD_RESAMPLE_BITS - 1))
#define ROUNDED(sum) \
    __builtin_elementwise_max(__builtin_elementwise_min((sum) >> CONCORD_RESAMPLE_BITS, (lanes){} + 255), (lanes){})

// Four pixels of one row, four bytes each; 16 bytes are loaded for their 12.
#define FOUR(from)                     \
    (pixels4) __builtin_shufflevector( \
        *(const octets16 *)(from), *(const octets16 *)(from), 0, 1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 8, 9, 10, 11, 11)

SIMD void concord_resample_along(
    uint8_t *restrict out, size_t out_stride, const uint8_t *restrict in, size_t in_stride, size_t in_width,
    size_t rows, concord_resampling columns, uint8_t *restrict line) {
    // The line holds each column's pixels of four rows side by side, so that one multiplication serves them all.
    const uint8_t *row[4];
    for (size_t r = 0; r < 4; r++) row[r] = in + in_stride * (r < rows ? r : rows - 1);
    size_t x = 0;
    for (; x + 6 <= in_width; x += 4) {
        pixels4 a = FOUR(row[0] + 3 * x), b = FOUR(row[1] + 3 * x), c = FOUR(row[2] + 3 * x), d = FOUR(row[3] + 3 * x);
        pixels4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
        *(pixels4 *)(line + 16 * x) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
        *(pixels4 *)(line + 16 * x + 16) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
        ab = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
        *(pixels4 *)(line + 16 * x + 32) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
        *(pixels4 *)(line + 16 * x + 48) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    }
    for (; x < in_width; x++)
        for (size_t r = 0; r < 4; r++) {
            uint8_t *to = line + 16 * x + 4 * r;
            const uint8_t *from = row[r] + 3 * x;
            to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = 0;
        }
    for (x = 0; x < columns.count; x++) {
        const uint8_t *from = line + 16 * (size_t)columns.first[x];
        const int32_t *weight = columns.weights + x * columns.taps;
        lanes sum = (lanes){} + HALF;
        for (int32_t t = 0; t < columns.counts[x]; t++)
            sum += __builtin_convertvector(*(const octets16 *)(from + 16 * t), lanes) * weight[t];
        pixels4 values = (pixels4) __builtin_convertvector(ROUNDED(sum), octets16);
        for (size_t r = 0; r < rows; r++) {
            uint8_t *to = out + out_stride * r + 3 * x;
            // The fourth byte falls on the next pixel, which is written after; the last pixel has none.
            if (x + 1 < columns.count) *(unaligned *)to = values[r];
            else to[0] = (uint8_t)values[r], to[1] = (uint8_t)(values[r] >> 8), to[2] = (uint8_t)(values[r] >> 16);
        }
    }
}

SIMD void concord_resample_across(
    uint8_t *restrict out, size_t bytes, const uint8_t *restrict in, size_t stride, const int32_t *restrict weights,
    size_t count) {
    size_t i = 0;
    for (; i + 64 <= bytes; i += 64) {
        lanes sum[4];
        for (size_t k = 0; k < 4; k++) sum[k] = (lanes){} + HALF;
        for (size_t t = 0; t < count; t++)
            for (size_t k = 0; k < 4; k++)
                sum[k] +=
                    __builtin_convertvector(*(const octets16 *)(in + t * stride + i + 16 * k), lanes) * weights[t];
        for (size_t k = 0; k < 4; k++)
            *(octets16 *)(out + i + 16 * k) = __builtin_convertvector(ROUNDED(sum[k]), octets16);
    }
    for (; i < bytes; i++) {
        int32_t sum = HALF;
        for (size_t t = 0; t < count; t++) sum += in[t * stride + i] * weights[t];
        sum >>= CONCORD_RESAMPLE_BITS;
        out[i] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
    }
}
