// One bfloat16 number to and from float32, for inclusion by the kernels.
#ifndef NARROW_H
#define NARROW_H

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) float to_float32(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline __attribute__((always_inline)) uint16_t to_bfloat16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    // Half of the last place that stays, less a little where that place is even.
    const uint32_t rounded = bits + 0x7FFFu + ((bits >> 16) & 1u);
    return (uint16_t)((x == x ? rounded : bits | 0x400000u) >> 16);
}

#endif
