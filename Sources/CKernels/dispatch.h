// One compilation a processor family, chosen when the program starts.
#ifndef DISPATCH_H
#define DISPATCH_H

// ThreadSanitizer cannot: the functions that choose run before it is ready.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SIMD
#endif
#endif

#if defined(SIMD)
#elif defined(__x86_64__) && defined(__linux__)
#define SIMD __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SIMD
#endif

#endif
