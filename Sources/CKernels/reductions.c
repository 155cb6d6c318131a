#include "Reductions.h"
#include "dispatch.h"

SIMD double concord_sum(const float *a, size_t count) {
#pragma clang fp reassociate(on)
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += a[i];
    return sum;
}
