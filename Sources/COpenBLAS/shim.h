#include <cblas.h>

// OpenBLAS's working memory, 128 MiB for each thread inside of it, which its headers do not declare.
void *blas_memory_alloc(int position);
void blas_memory_free(void *buffer);
