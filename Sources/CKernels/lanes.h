// Sixteen floats at a time, whatever the processor: narrower ones take them in parts.
#ifndef LANES_H
#define LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t integer_lanes __attribute__((vector_size(64)));
typedef uint32_t bit_lanes __attribute__((vector_size(64)));
typedef uint16_t bfloat16_lanes __attribute__((vector_size(32)));

/// The first `count` of sixteen; the others are zero.
INLINE void load(lanes *to, const float *from, size_t count) {
    if (count == LANES) {
        memcpy(to, from, sizeof *to);
    } else {
        *to = (lanes){0};
        memcpy(to, from, count * sizeof *from);
    }
}

INLINE void store(float *to, const lanes *from, size_t count) {
    memcpy(to, from, count == LANES ? sizeof *from : count * sizeof *to);
}

/// Sixteen past the caches, to a multiple of 64 bytes: no line is read that is written whole. `settle` must follow
/// before others read them.
INLINE void stream(float *to, const lanes *from) { __builtin_nontemporal_store(*from, (lanes *)to); }

INLINE void settle(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

/// `load` from bfloat16.
INLINE void load_bfloat16(lanes *to, const uint16_t *from, size_t count) {
    bfloat16_lanes x = {0};
    memcpy(&x, from, count == LANES ? sizeof x : count * sizeof *from);
    *to = (lanes)(__builtin_convertvector(x, bit_lanes) << 16);
}

/// `store` to bfloat16, to the nearest and of two to the even one; NaN stays NaN.
INLINE void store_bfloat16(uint16_t *to, const lanes *from, size_t count) {
    const bit_lanes bits = (bit_lanes)*from, rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
    const bit_lanes isNumber = (bit_lanes)(*from == *from);
    const bfloat16_lanes x =
        __builtin_convertvector(((rounded & isNumber) | ((bits | 0x400000u) & ~isNumber)) >> 16, bfloat16_lanes);
    memcpy(to, &x, count == LANES ? sizeof x : count * sizeof *to);
}

/// Elements from `at` on of memory in float32 or, where `is_bfloat16`, bfloat16: a constant where it is inlined.
INLINE void get(lanes *to, const void *from, size_t at, size_t count, const bool is_bfloat16) {
    if (is_bfloat16) load_bfloat16(to, (const uint16_t *)from + at, count);
    else load(to, (const float *)from + at, count);
}

INLINE void put(void *to, size_t at, const lanes *from, size_t count, const bool is_bfloat16) {
    if (is_bfloat16) store_bfloat16((uint16_t *)to + at, from, count);
    else store((float *)to + at, from, count);
}

/// The same, past the caches where it `streams` and the lanes are whole.
INLINE void put_past(void *to, size_t at, const lanes *from, size_t count, const bool is_bfloat16, bool streams) {
    if (!is_bfloat16 && streams && count == LANES) stream((float *)to + at, from);
    else put(to, at, from, count, is_bfloat16);
}

#endif
