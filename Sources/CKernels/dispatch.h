// One compilation a processor family, chosen when the program starts.
#ifndef DISPATCH_H
#define DISPATCH_H

#if defined(__x86_64__) && defined(__linux__)
#define SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SIMD
#endif

#endif
