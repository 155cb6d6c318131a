#include "pixels.h"

#include <math.h>
#include <string.h>

#include "dispatch.h"

typedef uint8_t octets16 __attribute__((vector_size(16), aligned(1)));
typedef float numbers16 __attribute__((vector_size(64), aligned(4)));

void concord_pixels_rearranged(
    uint8_t *restrict out, size_t width, size_t height, const uint8_t *restrict in, ptrdiff_t step_x,
    ptrdiff_t step_y) {
    // Tiles keep both images' lines in the cache when rows become columns.
    enum { tile = 32 };
    for (size_t top = 0; top < height; top += tile)
        for (size_t left = 0; left < width; left += tile)
            for (size_t y = top; y < height && y < top + tile; y++)
                for (size_t x = left; x < width && x < left + tile; x++) {
                    const uint8_t *from = in + (ptrdiff_t)x * step_x + (ptrdiff_t)y * step_y;
                    uint8_t *to = out + 3 * (y * width + x);
                    to[0] = from[0], to[1] = from[1], to[2] = from[2];
                }
}

SIMD void concord_pixels_composited(
    uint8_t *restrict out, const uint8_t *restrict rgba, size_t count, const uint8_t *restrict background) {
    for (size_t i = 0; i < count; i++) {
        unsigned alpha = rgba[4 * i + 3];
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = (uint8_t)((alpha * rgba[4 * i + c] + (255 - alpha) * background[c] + 127) / 255);
    }
}

SIMD void concord_pixels_from_cmyk(uint8_t *restrict out, const uint8_t *restrict cmyk, size_t count, uint8_t flip) {
    for (size_t i = 0; i < count; i++) {
        unsigned light = 255 - (cmyk[4 * i + 3] ^ flip);
        for (size_t c = 0; c < 3; c++) {
            unsigned product = (cmyk[4 * i + c] ^ flip) * light + 128;
            out[3 * i + c] = (uint8_t)(light - (((product >> 8) + product) >> 8));
        }
    }
}

SIMD void concord_pixels_normalized(
    float *restrict out, const uint8_t *restrict in, size_t count, const float *restrict scale,
    const float *restrict offset) {
    // 48 numbers hold a whole number of pixels and of vectors.
    float scales[48], offsets[48];
    for (size_t i = 0; i < 48; i++) scales[i] = scale[i % 3], offsets[i] = offset[i % 3];
    size_t n = 3 * count, i = 0;
    for (; i + 48 <= n; i += 48)
        for (size_t j = 0; j < 48; j++) out[i + j] = in[i + j] * scales[j] + offsets[j];
    for (size_t j = 0; i + j < n; j++) out[i + j] = in[i + j] * scales[j] + offsets[j];
}

SIMD void concord_pixels_normalized_reversed(
    float *restrict out, const uint8_t *restrict in, size_t count, const float *restrict scale,
    const float *restrict offset) {
    // Five pixels at a time from the end; the 16th number is overwritten by the next five.
    numbers16 scales, offsets;
    for (size_t i = 0; i < 16; i++) scales[i] = scale[i % 3], offsets[i] = offset[i % 3];
    size_t i = 0;
    for (; i + 6 <= count; i += 5) {
        octets16 five = *(const octets16 *)(in + 3 * (count - 5 - i) - 1);
        five = __builtin_shufflevector(five, five, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0);
        *(numbers16 *)(out + 3 * i) = __builtin_convertvector(five, numbers16) * scales + offsets;
    }
    for (; i < count; i++)
        for (size_t c = 0; c < 3; c++) out[3 * i + c] = in[3 * (count - 1 - i) + c] * scale[c] + offset[c];
}

void concord_pixels_turned(
    uint8_t *restrict out, size_t width, size_t height, const uint8_t *restrict in, const int32_t *restrict affine,
    const uint8_t *restrict fill) {
    for (size_t row = 0; row < height; row++) {
        int64_t x = affine[2] + (int64_t)row * affine[1], y = affine[5] + (int64_t)row * affine[4];
        for (size_t column = 0; column < width; column++, x += affine[0], y += affine[3]) {
            int64_t i = x >> 16, j = y >> 16;
            int is_inside = i >= 0 && i < (int64_t)width && j >= 0 && j < (int64_t)height;
            memcpy(out + 3 * (row * width + column), is_inside ? in + 3 * (j * (int64_t)width + i) : fill, 3);
        }
    }
}

void concord_pixels_turned_bilinear(
    uint8_t *restrict out, size_t width, size_t height, const uint8_t *restrict in, const double *restrict affine,
    const uint8_t *restrict fill) {
    for (size_t row = 0; row < height; row++)
        for (size_t column = 0; column < width; column++) {
            uint8_t *to = out + 3 * (row * width + column);
            double u = (double)column + 0.5, v = (double)row + 0.5;
            double x = affine[0] * u + affine[1] * v + affine[2], y = affine[3] * u + affine[4] * v + affine[5];
            if (!(x >= 0 && x < (double)width && y >= 0 && y < (double)height)) {
                memcpy(to, fill, 3);
                continue;
            }
            x -= 0.5, y -= 0.5;
            double left = floor(x), top = floor(y), dx = x - left, dy = y - top;
            size_t x0 = left < 0 ? 0 : (size_t)left, x1 = left + 1 < (double)width ? (size_t)(left + 1) : width - 1;
            size_t y0 = top < 0 ? 0 : (size_t)top, y1 = top + 1 < (double)height ? (size_t)(top + 1) : y0;
            for (size_t c = 0; c < 3; c++) {
                const uint8_t *upper = in + 3 * y0 * width + c, *lower = in + 3 * y1 * width + c;
                double a = upper[3 * x0] * (1 - dx) + upper[3 * x1] * dx,
                       b = lower[3 * x0] * (1 - dx) + lower[3 * x1] * dx;
                to[c] = (uint8_t)(a * (1 - dy) + b * dy);
            }
        }
}
