#ifndef CKERNELS_FLOAT32_GEMM_H
#define CKERNELS_FLOAT32_GEMM_H

#include <stdbool.h>
#include <stddef.h>

// float32 GEMM on AVX-512: twelve rows of c by two vectors of its columns in registers, a packed right factor, and twelve
// rows of the left one in the first cache (Goto, van de Geijn 2008, "Anatomy of High-Performance Matrix
// Multiplication"; Van Zee, van de Geijn 2015, "BLIS").

enum {
    /// Rows of c in registers, columns of a panel of b.
    CONCORD_FLOAT32_ROWS = 12,
    CONCORD_FLOAT32_COLUMNS = 32,
    /// The most rows of c that a call computes.
    CONCORD_FLOAT32_MOST_ROWS = 8 * CONCORD_FLOAT32_ROWS,
    /// The most inner numbers that are summed in registers.
    CONCORD_FLOAT32_INNER = 512,
};

/// Whether the processor has what the other functions need; they must not be called otherwise.
bool concord_float32_gemm_available(void);

/// Packs the panels `first ..< last` of the columns of b, `[k, n]` with `ld` numbers between rows, or `[n, k]` where it
/// is stored transposed, into a place for all its ceil(n / columns) panels of k numbers each, at a multiple of 64 bytes.
void concord_float32_gemm_pack(
    float *_Nonnull packed, size_t first, size_t last, const float *_Nonnull b, size_t ld, bool is_transposed, size_t n,
    size_t k);

/// Numbers of working memory for `concord_float32_gemm_multiply`.
size_t concord_float32_gemm_scratch(void);

/// `c = alpha op(a) b + beta c` for at most `CONCORD_FLOAT32_MOST_ROWS` rows `[m, k]` of a, or `[k, m]` where it is stored
/// transposed, and the columns of c that panels `first ..< last` of a packed b give. `a`, `c` and `bias` begin at the
/// first of those rows and at column 0.
///
/// c's numbers do not depend on which of its rows and columns a call computes.
/// - Parameters:
///   - bias: n numbers, added to every row; null without. There is no beta then.
///   - streams: writes c past the caches; c and ldc are multiples of 64 bytes, k is at most `CONCORD_FLOAT32_INNER`, and
///   there is no beta.
///   - scratch: at a multiple of 64 bytes.
void concord_float32_gemm_multiply(
    size_t m, size_t n, size_t k, size_t first, size_t last, float alpha, const float *_Nonnull a, size_t lda,
    bool is_transposed, const float *_Nonnull packed, float beta, const float *_Nullable bias, float *_Nonnull c,
    size_t ldc, bool streams, float *_Nonnull scratch);

#endif
