import CKernels

extension Tensor {
    /// A long short-term memory over the steps of sequences, from a state and a cell of zero.
    ///
    ///     i = sigmoid(x_i + W_i h),  f = sigmoid(x_f + W_f h),  g = tanh(x_g + W_g h),  o = sigmoid(x_o + W_o h)
    ///     c' = f * c + i * g
    ///     h' = o * tanh(c')
    ///
    /// - Parameters:
    ///   - weight: `[4H, H]`, rows in the order i, f, g, o; `self` is the inputs' share of the gates with all biases,
    ///     `[N, T, 4H]`, in the same order.
    ///   - mask: `[N, T]` uint8; in a step of 0 a sample's state and cell stay what they were and its output is zero.
    /// - Returns: the state after every step, `[N, T, H]`.
    /// - Source: Hochreiter, Schmidhuber 1997, with the forget gate of Gers et al. 2000, without peepholes, as
    ///   PyTorch's.
    public func lstm(weight: Tensor, mask: Tensor? = nil) -> Tensor {
        let recurrence = Recurrence(self, weight: weight, mask: mask, gates: 4, in: "lstm")
        let (steps, hidden) = (recurrence.steps, recurrence.hidden), constant = weight.detached
        let output = Tensor(uninitialized: recurrence.outputShape)
        let trail = isRecorded || weight.isRecorded ? Tensor(uninitialized: [shape[0], steps, 6 * hidden]) : nil
        let transposed = constant.transposed()
        let inputs = asFloat32
        let (x, w, y, kept, real) = (
            inputs.float32Pointer, transposed.float32Pointer, output.float32Pointer, trail?.float32Pointer,
            recurrence.mask?.uint8Pointer
        )
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 6 * hidden]), spare = Tensor(uninitialized: [6 * hidden])
            let state = own.float32Pointer, cell = state + rows.count * hidden, products = cell + rows.count * hidden
            let first = rows.lowerBound * steps
            for t in 0..<steps {
                if t > 0 { recurrence.project(rows.count, state, w, into: products) }
                let at = first + t
                var step = concord_lstm_step(
                    place: recurrence.place(rows, at: real.map { $0 + at }), inputs: x + at * 4 * hidden,
                    products: products, state: state,
                    cell: cell, output: y + at * hidden,
                    trail: kept.map { $0 + at * 6 * hidden } ?? spare.float32Pointer,
                    trail_stride: kept == nil ? 0 : steps * 6 * hidden)
                concord_lstm_forward(&step)
            }
        }
        guard let trail else { return output }
        return output.recorded(from: self, weight) { upstream, needs in
            let dx = Tensor(uninitialized: [recurrence.samples, steps, 4 * hidden])
            let (dy, kept, w, d, real) = (
                upstream.float32Pointer, trail.float32Pointer, constant.float32Pointer, dx.float32Pointer,
                recurrence.mask?.uint8Pointer
            )
            recurrence.run { rows in
                let own = Tensor(zeros: [rows.count, 6 * hidden])
                let carry = own.float32Pointer, cell = carry + rows.count * hidden,
                    products = cell + rows.count * hidden
                let first = rows.lowerBound * steps
                for t in (0..<steps).reversed() {
                    let at = first + t
                    var step = concord_lstm_pullback(
                        place: recurrence.place(rows, at: real.map { $0 + at }), upstream: dy + at * hidden,
                        trail: kept + at * 6 * hidden,
                        carry: carry, cell_carry: cell, products: products, inputs: d + at * 4 * hidden)
                    concord_lstm_backward(&step)
                    if t > 0 { recurrence.pull(rows.count, products, w, into: carry) }
                }
            }
            guard needs[1] else { return [dx, nil] }
            let dw = Tensor(uninitialized: constant.shape)
            recurrence.weightGradient(
                4 * hidden, d, stride: 4 * hidden, kept + 5 * hidden, trail: 6 * hidden, into: dw.float32Pointer)
            return [needs[0] ? dx : nil, dw]
        }
    }
}
