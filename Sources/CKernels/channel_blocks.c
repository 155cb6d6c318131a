#include "channel_blocks.h"

#include "dispatch.h"
#include "lanes.h"

SIMD void concord_block_channels(
    float *restrict to, const float *restrict from, size_t places, size_t channels, size_t span) {
    for (size_t p = 0; p < places; p++) {
        for (size_t c = 0; c < channels; c += LANES) {
            lanes x;
            load(&x, from + p * channels + c, LANES);
            store(to + c * span + p * LANES, &x, LANES);
        }
    }
}

SIMD void concord_unblock_channels(
    float *restrict to, const float *restrict from, size_t places, size_t channels, size_t span, bool streams) {
    for (size_t p = 0; p < places; p++) {
        for (size_t c = 0; c < channels; c += LANES) {
            lanes x;
            load(&x, from + c * span + p * LANES, LANES);
            if (streams) stream(to + p * channels + c, &x);
            else store(to + p * channels + c, &x, LANES);
        }
    }
    if (streams) settle();
}
