#ifndef CBRIDGES_THREADS_H
#define CBRIDGES_THREADS_H

#include <stdbool.h>

/// libgomp's parallel region: runs `body(data)` on `threads` threads, the caller among them, and returns when all have
/// finished.
void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
int omp_get_thread_num(void);
int omp_get_num_threads(void);
int omp_in_parallel(void);
void omp_set_num_threads(int threads);

/// Names this thread for the system's tools, in at most 15 characters.
void concord_name_thread(const char *name);

/// Processors in this process's affinity mask, at least 1.
int concord_affinity_count(void);

/// This thread's context object, null until the thread sets one. `release` is called with it when the thread ends.
void *concord_thread_context(void);
void concord_set_thread_context(void *context, void (*release)(void *));

#endif
