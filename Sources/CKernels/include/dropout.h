#ifndef DROPOUT_H
#define DROPOUT_H

#include <stddef.h>
#include <stdint.h>

// Which elements are dropped: those whose hash of position and key is below `threshold`; the others are multiplied by
// `factor`.
typedef struct {
    uint64_t key;
    uint32_t threshold;  // 0: none is dropped
    float factor;
} concord_dropout_mask;

// out = x with elements dropped; the first is the element `position` of the whole.
void concord_dropout(float *out, const float *x, concord_dropout_mask dropping, uint64_t position, size_t count);

#endif
