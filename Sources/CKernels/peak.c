#include "peak.h"
#include "dispatch.h"
#include "lanes.h"

/// Enough to fill two units of a latency of four or five.
#define CHAINS 10

SIMD float concord_multiply_adds(float factor, float addend, size_t rounds) {
    lanes sum[CHAINS], f = (lanes){0} + factor, a = (lanes){0} + addend;
#pragma clang loop unroll(full)
    for (int c = 0; c < CHAINS; c++) sum[c] = (lanes){0} + (float)c;
    for (size_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (int c = 0; c < CHAINS; c++) sum[c] = sum[c] * f + a;
    }
    lanes all = sum[0];
#pragma clang loop unroll(full)
    for (int c = 1; c < CHAINS; c++) all += sum[c];
    float total = 0;
    for (int j = 0; j < LANES; j++) total += all[j];
    return total;
}
