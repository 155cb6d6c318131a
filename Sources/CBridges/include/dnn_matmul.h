// Matrix products (matmul and GEMM) by oneDNN, summed in float32.
#ifndef CBRIDGES_PRODUCTS_H
#define CBRIDGES_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// `c = a b (+ bias)`: a is `[m, k]`, b `[k, n]`, c `[m, n]`, dense and row-major.
typedef struct {
    int64_t m, n, k;
    /// a and b are bfloat16 instead of float32.
    bool is_bfloat16;
    /// a is stored as `[k, m]`, b as `[n, k]`.
    bool transposes_a, transposes_b;
    /// b comes in a layout of the primitive's own, which `concord_matmul_pack` makes of a float32 one that is stored as
    /// `transposes_b` has it.
    bool packs_b;
    /// n float32 numbers are added to each row of c.
    bool has_bias;
    /// c is float32 whatever a and b are; else of their type.
    bool is_float32_output;
} concord_matmul_form;

typedef struct concord_matmul concord_matmul;

/// Makes the primitive for as many threads as omp_get_max_threads() says. Returns oneDNN's status, 0 for success.
int concord_matmul_make(concord_matmul **made, const concord_matmul_form *form);
void concord_matmul_destroy(concord_matmul *product);
size_t concord_matmul_scratch_bytes(const concord_matmul *product);
/// Bytes of b in the primitive's own layout.
size_t concord_matmul_packed_bytes(const concord_matmul *product);
/// Whether both take b packed in the same way.
bool concord_matmul_packs_alike(const concord_matmul *first, const concord_matmul *second);
/// oneDNN's name for the kernels that it chose.
const char *concord_matmul_kernels(const concord_matmul *product);
int concord_matmul_pack(const concord_matmul *product, const float *plain, void *packed, void *scratch);
/// Safe from several threads at once with a scratch each. `bias` is null without one.
int concord_matmul_run(
    const concord_matmul *product, const void *a, const void *b, const float *bias, void *c, void *scratch);

/// Whether `concord_bfloat16_gemm` is there.
bool concord_has_bfloat16_gemm(void);
/// `c = alpha op(a) op(b) + beta c` on row-major memory with rows lda, ldb, ldc elements apart; c is float32.
///
/// oneDNN has had this function in its library, versions 2 and 3, without declaring it in its headers.
int concord_bfloat16_gemm(
    bool transposes_a, bool transposes_b, int64_t m, int64_t n, int64_t k, float alpha, const uint16_t *a, int64_t lda,
    const uint16_t *b, int64_t ldb, float beta, float *c, int64_t ldc);

#endif
