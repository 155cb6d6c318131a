// Sixteen floats at a time, whatever the processor: narrower ones take them in pieces.
#ifndef LANES_H
#define LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t integer_lanes __attribute__((vector_size(64)));

/// The first `count` of sixteen; the others are zero.
INLINE void load(lanes *to, const float *from, size_t count) {
    if (count == LANES) {
        memcpy(to, from, sizeof *to);
    } else {
        *to = (lanes){0};
        memcpy(to, from, count * sizeof *from);
    }
}

INLINE void store(float *to, const lanes *from, size_t count) { memcpy(to, from, count == LANES ? sizeof *from : count * sizeof *to); }

#endif
