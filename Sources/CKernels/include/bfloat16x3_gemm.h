#ifndef CKERNELS_SPLIT_PRODUCTS_H
#define CKERNELS_SPLIT_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>

// float32 GEMM on AMX's tiles (bf16x3), which multiply bfloat16 and add in float32.
//
// A float32 number is the exact sum of three bfloat16 numbers, each 2^-8 of the one before it at most and of either
// sign. Of the nine products of parts the six largest are added up, which are exact in float32; the other three are
// together at most 2^-23 of the whole, and rounding a product would cost up to 2^-24 (Henry, Tang, Heinecke 2019,
// arXiv:1904.06376). What is not finite gives not-a-number, as does what rounds to infinity in bfloat16 (3.39e38 and
// above).

enum {
    /// Rows of a panel of a, columns of a panel of b.
    CONCORD_BFLOAT16X3_SIDE = 32,
    /// Inner numbers of a block of a panel, and the bytes of its three parts.
    CONCORD_BFLOAT16X3_DEPTH = 32,
    CONCORD_BFLOAT16X3_BYTES = 6144,
    /// The most inner numbers after which c is whole at once.
    CONCORD_BFLOAT16X3_INNER = 512,
};

/// Asks the system for the tiles.
/// - Returns: whether processor and system have what the other functions need; they must not be called otherwise.
bool concord_bfloat16x3_available(void);

/// Packs the panels `first ..< last` of the columns of b, `[k, n]` with `ld` numbers between rows, or `[n, k]` where it
/// is stored transposed, into a place for all its ceil(n / side) panels of ceil(k / depth) blocks.
void concord_bfloat16x3_pack(
    void *packed, size_t first, size_t last, const float *b, size_t ld, bool is_transposed, size_t n, size_t k);

/// Bytes of working memory for `concord_bfloat16x3_multiply`.
size_t concord_bfloat16x3_scratch(size_t m, size_t n, size_t k);

/// `c = alpha op(a) b + beta c` for rows `[m, k]` of a, or `[k, m]` where it is stored transposed, and a packed b of n
/// columns.
///
/// c's numbers do not depend on which of its rows and columns a call computes.
/// - Parameters:
///   - bias: n numbers, added to every row; null without.
///   - streams: writes c past the caches; c and ldc are multiples of 64 bytes, k is at most `CONCORD_BFLOAT16X3_INNER`,
///   and there is no beta.
///   - scratch: as `b` at a multiple of 64 bytes.
void concord_bfloat16x3_multiply(
    size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda, bool is_transposed, const void *b,
    float beta, const float *bias, float *c, size_t ldc, bool streams, void *scratch);

#endif
