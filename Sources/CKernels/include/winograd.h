// 3x3 convolutions of stride 1 and padding 1 by Winograd's method: tiles of the input are transformed, multiplied with
// the transformed weights at each position of a tile, and transformed to outputs. Lavin, Gray 2015, arXiv:1509.09308.
#ifndef WINOGRAD_H
#define WINOGRAD_H

#include <stdbool.h>
#include <stddef.h>

/// Dense activations `[batch, height, width, channels]` to `[batch, height, width, filters]`; channels and filters are
/// multiples of 16.
typedef struct {
    size_t batch, height, width, channels, filters;
} concord_winograd;

/// One form of the method. Activations are of its element type; weights, their gradient and biases are float32.
typedef struct {
    /// Side of a tile of outputs, and the number of its transformed positions.
    size_t side, positions;
    /// Of one channel of a transformed tile.
    size_t tile_bytes;

    /// Bytes of the transformed weights.
    size_t (*_Nonnull packed_bytes)(size_t channels, size_t filters);
    /// Transforms weights `[filters, channels, 3, 3]` for filters `first ..< last`, multiples of 16. For the input's
    /// gradient (`is_turned`) the weights are `[channels, filters, 3, 3]` of the forward pass, turned by 180 degrees.
    void (*_Nonnull pack)(
        void *_Nonnull packed, const float *_Nonnull weights, size_t channels, size_t filters, bool is_turned,
        size_t first, size_t last);

    /// Tiles that one call of `convolve` computes at most, and the bytes of working memory of a call.
    size_t (*_Nonnull block)(size_t channels);
    size_t (*_Nonnull scratch_bytes)(size_t channels);
    /// The outputs of tiles `first ..< last`; bias is null without one. `streams`: past the caches, where whole lines
    /// are written.
    void (*_Nonnull convolve)(
        void *_Nonnull output, const void *_Nonnull input, const void *_Nonnull packed, const float *_Nullable bias,
        concord_winograd sizes, size_t first, size_t last, bool streams, void *_Nonnull scratch);

    /// For the weights' gradient: bytes of so many transformed tiles.
    size_t (*_Nonnull tiles_bytes)(size_t tiles, size_t channels);
    /// Transforms tiles `first ..< last` of the input into `to`, which holds `tiles`, from its tile `place` on. `place` is
    /// even, and so is `last - first` but at the end of all.
    void (*_Nonnull inputs)(
        void *_Nonnull to, size_t tiles, size_t place, const void *_Nonnull input, concord_winograd sizes, size_t first,
        size_t last);
    /// The same of the output's gradient, in place of channels filters.
    void (*_Nonnull upstream)(
        void *_Nonnull to, size_t tiles, size_t place, const void *_Nonnull upstream, concord_winograd sizes,
        size_t first, size_t last);
    /// Adds the products of all tiles to the transformed gradient of one block of 64 filters, `[positions, channels, 64]`,
    /// for one position.
    void (*_Nonnull accumulate)(
        float *_Nonnull sums, const void *_Nonnull inputs, const void *_Nonnull upstream, size_t tiles,
        concord_winograd sizes, size_t position, size_t block);
    /// The weights' gradient `[filters, channels, 3, 3]` of filters `first ..< last`, multiples of 16 within one block,
    /// from its sums.
    void (*_Nonnull unpack)(
        float *_Nonnull weights, const float *_Nonnull sums, size_t channels, size_t first, size_t last);
} concord_winograd_kernels;

/// F(4x4, 3x3) in float32: a quarter of the multiplications.
const concord_winograd_kernels *_Nonnull concord_winograd_float32(void);
/// F(2x2, 3x3) of bfloat16 activations: four ninths of the multiplications, of bfloat16 numbers, summed in float32. Null
/// where the processor does not multiply bfloat16 vectors (AVX512-BF16).
const concord_winograd_kernels *_Nullable concord_winograd_bfloat16(void);

#endif
