#ifndef CBRIDGES_FLOATS_H
#define CBRIDGES_FLOATS_H

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/// This thread's floating-point mode, with numbers too small for a normal float taken and given as zero from here on.
/// Returns the mode before, for concord_restore_float_mode.
static inline unsigned long concord_flush_subnormals(void) {
#if defined(__x86_64__)
    const unsigned mode = _mm_getcsr();
    const unsigned flushing = mode | 0x8040; // results (bit 15) and operands (bit 6)
    if (flushing != mode) _mm_setcsr(flushing);
    return mode;
#elif defined(__aarch64__)
    unsigned long mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode | 1ul << 24));
    return mode;
#else
    return 0;
#endif
}

static inline void concord_restore_float_mode(unsigned long mode) {
#if defined(__x86_64__)
    if (_mm_getcsr() != (unsigned)mode) _mm_setcsr((unsigned)mode);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
    (void)mode;
#endif
}

#endif
