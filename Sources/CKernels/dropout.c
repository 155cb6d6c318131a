#include "dropout.h"
#include "dispatch.h"
#include "row_math.h"

SIMD void concord_dropout(float *out, const float *x, concord_dropout_mask dropping, uint64_t position, size_t count) {
    while (count > 0) {  // runs whose positions share their upper half
        uint64_t left = (UINT64_C(1) << 32) - (position & UINT32_MAX);
        size_t run = count < left ? count : (size_t)left;
        uint32_t start = (uint32_t)position, first = (uint32_t)dropping.key;
        uint32_t second = (uint32_t)(dropping.key >> 32) + (uint32_t)(position >> 32) * 0x9E3779B9u;
        for (size_t j = 0; j < run; j++) {
            float kept = x[j] * dropping.factor;
            out[j] = row_hash(start + (uint32_t)j, first, second) < dropping.threshold ? 0.0f : kept;
        }
        out += run, x += run, position += run, count -= run;
    }
}
