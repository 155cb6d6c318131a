#ifndef ATTENTION_H
#define ATTENTION_H

#include <stddef.h>
#include <stdint.h>

#include "dropout.h"

// Tiles of attention scores: `rows` queries by keys, `stride` (a multiple of 16) numbers from row to row.
// Row i sees the keys below `visible`, and with `causal` below `first + i + 1`; `bias` (null: none) has `stride`
// numbers to add to each row: 0 for a real key, -infinity for padding.
typedef struct {
    size_t rows, stride, visible, first;
    int causal;
    const float *bias;
} concord_scores;

// Scores to probabilities, in place, and each row's log-sum-exp; a row that sees nothing gives zeros and +infinity.
void concord_attention_softmax(float *scores, float *logsum, concord_scores tile);
// Scores to probabilities by the log-sum-exp of the forward pass, in place.
void concord_attention_probabilities(float *scores, const float *logsum, concord_scores tile);
// Drops probabilities; element (i, j) of the tile is the element position + i * step + j of all.
void concord_attention_dropout(
    float *out, const float *probabilities, concord_scores tile, concord_dropout_mask dropping, uint64_t position,
    size_t step);
// d of the scores from the d of the (dropped) probabilities, in place: p (d - sum(p d)) scale
void concord_attention_pullback(
    float *d, const float *probabilities, concord_scores tile, float scale, concord_dropout_mask dropping,
    uint64_t position, size_t step);

#endif
