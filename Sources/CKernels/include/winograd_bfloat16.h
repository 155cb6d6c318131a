// 3x3 convolutions of stride 1 and padding 1 in bfloat16 by Winograd's F(2x2, 3x3).
#ifndef WINOGRAD_BFLOAT16_H
#define WINOGRAD_BFLOAT16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Dense activations `[batch, height, width, channels]` to `[batch, height, width, filters]`; channels and filters are
/// multiples of 16.
typedef struct {
    size_t batch, height, width, channels, filters;
} concord_winograd;

/// Whether the processor multiplies bfloat16 vectors (AVX512-BF16). Without it the functions below must not be called.
bool concord_winograd_available(void);

/// Tiles of 2x2 outputs.
size_t concord_winograd_tiles(concord_winograd sizes);

/// Bytes of the transformed weights.
size_t concord_winograd_packed_bytes(size_t channels, size_t filters);
/// Transforms weights `[filters, channels, 3, 3]` for filters `first ..< last`, multiples of 16. For the input's
/// gradient (`is_turned`) the weights are `[channels, filters, 3, 3]` of the forward pass, turned by 180 degrees.
void concord_winograd_pack(
    uint16_t *packed, const float *weights, size_t channels, size_t filters, bool is_turned, size_t first, size_t last);

/// Tiles that one call of `concord_winograd_convolve` computes at most, and the bytes of working memory of a call.
size_t concord_winograd_block(size_t channels);
size_t concord_winograd_scratch(size_t channels);
/// The outputs of tiles `first ..< last`; bias is null without one.
void concord_winograd_convolve(
    uint16_t *output, const uint16_t *input, const uint16_t *packed, const float *bias, concord_winograd sizes,
    size_t first, size_t last, void *scratch);

/// For the weights' gradient: bytes of `pairs` pairs of transformed tiles.
size_t concord_winograd_pairs_bytes(size_t pairs, size_t channels);
/// Transforms tiles `first ..< last` of the input into `to`, which has room for `pairs` pairs of tiles, from the pair
/// `pair` on; `last - first` is even or `last` the last tile, which is then paired with zeros.
void concord_winograd_inputs(
    uint16_t *to, size_t pairs, size_t pair, const uint16_t *input, concord_winograd sizes, size_t first, size_t last);
/// The same of the output's gradient, in place of channels filters.
void concord_winograd_outputs(
    uint16_t *to, size_t pairs, size_t pair, const uint16_t *upstream, concord_winograd sizes, size_t first,
    size_t last);
/// Adds the products of all `pairs` pairs to the transformed gradient `[16, filters / 64 rounded up, channels, 64]`, for
/// one of the sixteen positions and one block of 64 filters.
void concord_winograd_multiply(
    float *sums, const uint16_t *inputs, const uint16_t *outputs, size_t pairs, size_t channels, size_t filters,
    size_t position, size_t block);
/// The weights' gradient `[filters, channels, 3, 3]` of filters `first ..< last` from the sums.
void concord_winograd_unpack(
    float *weights, const float *sums, size_t channels, size_t filters, size_t first, size_t last);

#endif
