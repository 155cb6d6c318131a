import CKernels

extension Recurrence {
    /// - Parameter mask: the rows' first element at the step.
    fileprivate func place(_ rows: Range<Int>, at mask: UnsafePointer<UInt8>?) -> concord_recurrent_place {
        concord_recurrent_place(rows: rows.count, hidden: hidden, steps: steps, mask: mask)
    }
}

/// The steps of recurrences, forward and backward; each thread takes samples of its own through all of them.
extension Kernels {
    // MARK: GRU, gates r, z, n

    /// What the backward pass needs of each step, in units of H: r, z, n, the state's part of n, the state before.
    static let gruSavedWidth = 5

    /// - Parameters:
    ///   - inputs: the inputs' part of the gates, `[N, T, 3H]`, float32; bias: `[3H]`, the state's part's.
    ///   - weight: transposed, `[H, 3H]`.
    ///   - saved: `[N, T, 5H]`, written for the backward pass; nil without one.
    /// - Returns: the state after every step, `[N, T, H]`.
    static func gru(
        _ recurrence: Recurrence, _ inputs: Tensor, weight: Tensor, bias: Tensor, saved: Tensor?
    ) -> Tensor {
        let steps = recurrence.steps, hidden = recurrence.hidden
        MultiplyAdds.count(.recurrent, recurrence.multiplyAdds)
        let output = Tensor(uninitialized: recurrence.outputShape)
        let x = inputs.float32Pointer, w = weight.float32Pointer, b = bias.float32Pointer, y = output.float32Pointer
        let saved = saved?.float32Pointer, mask = recurrence.mask?.uint8Pointer
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 4 * hidden]), spare = Tensor(uninitialized: [5 * hidden])
            let state = own.float32Pointer, gates = state + rows.count * hidden, first = rows.lowerBound * steps
            for t in 0..<steps {
                if t > 0 { recurrence.project(rows.count, state, w, into: gates) }
                let at = first + t
                var step = concord_gru_step(
                    place: recurrence.place(rows, at: mask.map { $0 + at }), inputs: x + at * 3 * hidden,
                    state_gates: gates, bias: b, state: state, output: y + at * hidden,
                    saved: saved.map { $0 + at * 5 * hidden } ?? spare.float32Pointer,
                    saved_stride: saved == nil ? 0 : steps * 5 * hidden)
                concord_gru_forward(&step)
            }
        }
        return output
    }

    /// - Parameters:
    ///   - upstream: `[N, T, H]`; saved: of the forward pass; weight: `[3H, H]`.
    /// - Returns: the gradient of the inputs' part of the gates, `[N, T, 3H]`, and that of the state's part of n, `[N,
    ///   T, H]`; the state's parts of r and z have the inputs' gradients.
    static func gruPullback(
        _ recurrence: Recurrence, _ upstream: Tensor, saved: Tensor, weight: Tensor
    ) -> (inputs: Tensor, candidate: Tensor) {
        let steps = recurrence.steps, hidden = recurrence.hidden
        MultiplyAdds.count(.recurrent, recurrence.multiplyAdds)
        let dx = Tensor(uninitialized: [recurrence.samples, steps, 3 * hidden])
        let candidate = Tensor(uninitialized: upstream.shape)
        let dy = upstream.float32Pointer, saved = saved.float32Pointer, w = weight.float32Pointer
        let d = dx.float32Pointer, c = candidate.float32Pointer, mask = recurrence.mask?.uint8Pointer
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 4 * hidden])
            let carry = own.float32Pointer, gates = carry + rows.count * hidden, first = rows.lowerBound * steps
            for t in (0..<steps).reversed() {
                let at = first + t
                var step = concord_gru_pullback(
                    place: recurrence.place(rows, at: mask.map { $0 + at }), upstream: dy + at * hidden,
                    saved: saved + at * 5 * hidden, carry: carry, state_gates: gates, inputs: d + at * 3 * hidden,
                    candidate: c + at * hidden)
                concord_gru_backward(&step)
                if t > 0 { recurrence.pull(rows.count, gates, w, into: carry) }
            }
        }
        return (dx, candidate)
    }

    // MARK: LSTM, gates i, f, g, o

    /// What the backward pass needs of each step, in units of H: i, f, g, o, the cell before, the state before.
    static let lstmSavedWidth = 6

    /// - Parameters:
    ///   - inputs: the inputs' part of the gates with all biases, `[N, T, 4H]`, float32.
    ///   - weight: transposed, `[H, 4H]`.
    ///   - saved: `[N, T, 6H]`, written for the backward pass; nil without one.
    /// - Returns: the state after every step, `[N, T, H]`.
    static func lstm(_ recurrence: Recurrence, _ inputs: Tensor, weight: Tensor, saved: Tensor?) -> Tensor {
        let steps = recurrence.steps, hidden = recurrence.hidden
        MultiplyAdds.count(.recurrent, recurrence.multiplyAdds)
        let output = Tensor(uninitialized: recurrence.outputShape)
        let x = inputs.float32Pointer, w = weight.float32Pointer, y = output.float32Pointer
        let saved = saved?.float32Pointer, mask = recurrence.mask?.uint8Pointer
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 6 * hidden]), spare = Tensor(uninitialized: [6 * hidden])
            let state = own.float32Pointer, cell = state + rows.count * hidden, gates = cell + rows.count * hidden
            let first = rows.lowerBound * steps
            for t in 0..<steps {
                if t > 0 { recurrence.project(rows.count, state, w, into: gates) }
                let at = first + t
                var step = concord_lstm_step(
                    place: recurrence.place(rows, at: mask.map { $0 + at }), inputs: x + at * 4 * hidden,
                    state_gates: gates, state: state, cell: cell, output: y + at * hidden,
                    saved: saved.map { $0 + at * 6 * hidden } ?? spare.float32Pointer,
                    saved_stride: saved == nil ? 0 : steps * 6 * hidden)
                concord_lstm_forward(&step)
            }
        }
        return output
    }

    /// - Parameters:
    ///   - upstream: `[N, T, H]`; saved: of the forward pass; weight: `[4H, H]`.
    /// - Returns: the gradient of the gates, `[N, T, 4H]`.
    static func lstmPullback(_ recurrence: Recurrence, _ upstream: Tensor, saved: Tensor, weight: Tensor) -> Tensor {
        let steps = recurrence.steps, hidden = recurrence.hidden
        MultiplyAdds.count(.recurrent, recurrence.multiplyAdds)
        let dx = Tensor(uninitialized: [recurrence.samples, steps, 4 * hidden])
        let dy = upstream.float32Pointer, saved = saved.float32Pointer, w = weight.float32Pointer
        let d = dx.float32Pointer, mask = recurrence.mask?.uint8Pointer
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 6 * hidden])
            let carry = own.float32Pointer, cell = carry + rows.count * hidden, gates = cell + rows.count * hidden
            let first = rows.lowerBound * steps
            for t in (0..<steps).reversed() {
                let at = first + t
                var step = concord_lstm_pullback(
                    place: recurrence.place(rows, at: mask.map { $0 + at }), upstream: dy + at * hidden,
                    saved: saved + at * 6 * hidden, carry: carry, cell_carry: cell, state_gates: gates,
                    inputs: d + at * 4 * hidden)
                concord_lstm_backward(&step)
                if t > 0 { recurrence.pull(rows.count, gates, w, into: carry) }
            }
        }
        return dx
    }
}
