// Steps of gated recurrences, forwards and backwards, for the rows of a batch: what is computed between two GEMMs.
#ifndef RECURRENCE_H
#define RECURRENCE_H

#include <stddef.h>
#include <stdint.h>

/// The sizes of a step of any of them; pointers are to the step's elements of the first row.
typedef struct {
    size_t rows, hidden;
    /// Steps T of a sequence: `[N, T, C]` has T * C numbers from row to row.
    size_t steps;
    /// `[N, T]`, 0 for a row that is skipped in this step, its output zero; null: every row is stepped.
    const uint8_t *mask;
} concord_recurrent_place;

/// Forward step of a gated recurrent unit, gates r, z, n.
typedef struct {
    concord_recurrent_place place;
    /// `[N, T, 3H]`: the inputs' part of the gates.
    const float *inputs;
    /// `[rows, 3H]`: the state's part, without its bias.
    const float *state_gates;
    /// `[3H]`: the state's part's.
    const float *bias;
    /// `[rows, H]`, stepped.
    float *state;
    /// `[N, T, H]`.
    float *output;
    /// r, z, n, the state's part of n, and the state before: `[N, T, 5H]`, or one row for all with a stride of 0.
    float *saved;
    size_t saved_stride;
} concord_gru_step;

/// Backward step of a gated recurrent unit.
typedef struct {
    concord_recurrent_place place;
    /// `[N, T, H]`.
    const float *upstream;
    /// `[N, T, 5H]`.
    const float *saved;
    /// `[rows, H]`: the state's gradient; afterwards, of the state before, without what comes through `state_gates`.
    float *carry;
    /// `[rows, 3H]`: of the state's part of the gates.
    float *state_gates;
    /// `[N, T, 3H]`: of the inputs' part.
    float *inputs;
    /// `[N, T, H]`: the last third of `state_gates`, kept.
    float *candidate;
} concord_gru_pullback;

/// Forward step of a long short-term memory, gates i, f, g, o.
typedef struct {
    concord_recurrent_place place;
    /// `[N, T, 4H]`, `[rows, 4H]`.
    const float *inputs, *state_gates;
    /// `[rows, H]` each, stepped.
    float *state, *cell;
    /// `[N, T, H]`.
    float *output;
    /// i, f, g, o, the cell before and the state before: `[N, T, 6H]`, or one row for all with a stride of 0.
    float *saved;
    size_t saved_stride;
} concord_lstm_step;

/// Backward step of a long short-term memory.
typedef struct {
    concord_recurrent_place place;
    /// `[N, T, H]`.
    const float *upstream;
    /// `[N, T, 6H]`.
    const float *saved;
    /// `[rows, H]` each: the gradients of state and cell; afterwards, of those before, without what comes through
    /// `state_gates`.
    float *carry, *cell_carry;
    /// `[rows, 4H]`: of the gates, for the product.
    float *state_gates;
    /// `[N, T, 4H]`: the same.
    float *inputs;
} concord_lstm_pullback;

void concord_gru_forward(const concord_gru_step *step);
void concord_gru_backward(const concord_gru_pullback *step);
void concord_lstm_forward(const concord_lstm_step *step);
void concord_lstm_backward(const concord_lstm_pullback *step);

#endif
