#ifndef CHANNEL_BLOCKS_H
#define CHANNEL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>

/// Places of one sample from `[places, channels]` to `[channels / 16, span, 16]`; `to` points at the first of them in
/// the first block.
///
/// - channels: a multiple of 16; span: places between the starts of blocks.
void concord_block_channels(float *to, const float *from, size_t places, size_t channels, size_t span);

/// The inverse.
///
/// - streams: past the caches, for outputs much larger than they are; `to` is then at a multiple of 64 bytes.
void concord_unblock_channels(float *to, const float *from, size_t places, size_t channels, size_t span, bool streams);

#endif
