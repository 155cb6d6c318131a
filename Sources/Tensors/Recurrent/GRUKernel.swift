import CKernels

extension Tensor {
    /// A gated recurrent unit over the steps of sequences, from a state of zero.
    ///
    ///     r = sigmoid(x_r + W_r h + b_r)
    ///     z = sigmoid(x_z + W_z h + b_z)
    ///     n = tanh(x_n + r * (W_n h + b_n))
    ///     h' = (1 - z) * n + z * h
    ///
    /// - Parameters:
    ///   - weight: `[3H, H]`, rows in the order r, z, n; `self` is the inputs' share of the gates `[N, T, 3H]` in the
    ///     same order.
    ///   - bias: `[3H]`; zeros where nil.
    ///   - mask: `[N, T]` uint8; in a step of 0 a sample's state stays what it was and its output is zero.
    /// - Returns: the state after every step, `[N, T, H]`.
    /// - Source: Cho et al. 2014, arXiv:1406.1078, as PyTorch and cuDNN have it: the reset gate behind the product, z
    ///   the share of the old state.
    public func gru(weight: Tensor, bias: Tensor? = nil, mask: Tensor? = nil) -> Tensor {
        let recurrence = Recurrence(self, weight: weight, mask: mask, gates: 3, in: "gru")
        let (steps, hidden) = (recurrence.steps, recurrence.hidden), constant = weight.detached
        if let bias { ShapeCheck.lastAxis(of: self, matches: bias, in: "gru") }
        let isRecorded = isRecorded || weight.isRecorded || bias?.isRecorded ?? false
        let output = Tensor(uninitialized: recurrence.outputShape)
        let trail = isRecorded ? Tensor(uninitialized: [shape[0], steps, 5 * hidden]) : nil
        let transposed = constant.transposed(), biases = bias?.detached ?? Tensor(zeros: [3 * hidden])
        let inputs = asFloat32
        let (x, w, b, y, kept, real) = (
            inputs.float32Pointer, transposed.float32Pointer, biases.float32Pointer, output.float32Pointer,
            trail?.float32Pointer, recurrence.mask?.uint8Pointer
        )
        recurrence.run { rows in
            let own = Tensor(zeros: [rows.count, 4 * hidden]), spare = Tensor(uninitialized: [5 * hidden])
            let state = own.float32Pointer, products = state + rows.count * hidden, first = rows.lowerBound * steps
            for t in 0..<steps {
                if t > 0 { recurrence.project(rows.count, state, w, into: products) }
                let at = first + t
                var step = concord_gru_step(
                    place: recurrence.place(rows, at: real.map { $0 + at }), inputs: x + at * 3 * hidden,
                    products: products, bias: b,
                    state: state, output: y + at * hidden,
                    trail: kept.map { $0 + at * 5 * hidden } ?? spare.float32Pointer,
                    trail_stride: kept == nil ? 0 : steps * 5 * hidden)
                concord_gru_forward(&step)
            }
        }
        guard let trail else { return output }
        return output.recorded(fromGiven: [self, weight, bias]) { upstream, needs in
            let dx = Tensor(uninitialized: [recurrence.samples, steps, 3 * hidden]),
                candidate = Tensor(uninitialized: upstream.shape)
            let (dy, kept, w, d, c) = (
                upstream.float32Pointer, trail.float32Pointer, constant.float32Pointer, dx.float32Pointer,
                candidate.float32Pointer
            )
            let real = recurrence.mask?.uint8Pointer
            recurrence.run { rows in
                let own = Tensor(zeros: [rows.count, 4 * hidden])
                let carry = own.float32Pointer, products = carry + rows.count * hidden, first = rows.lowerBound * steps
                for t in (0..<steps).reversed() {
                    let at = first + t
                    var step = concord_gru_pullback(
                        place: recurrence.place(rows, at: real.map { $0 + at }), upstream: dy + at * hidden,
                        trail: kept + at * 5 * hidden,
                        carry: carry, products: products, inputs: d + at * 3 * hidden, candidate: c + at * hidden)
                    concord_gru_backward(&step)
                    if t > 0 { recurrence.pull(rows.count, products, w, into: carry) }
                }
            }
            var dw: Tensor?, db: Tensor?
            if needs[1] {
                let gradient = Tensor(uninitialized: constant.shape), states = kept + 4 * hidden
                let to = gradient.float32Pointer
                recurrence.weightGradient(2 * hidden, d, stride: 3 * hidden, states, trail: 5 * hidden, into: to)
                recurrence.weightGradient(
                    hidden, c, stride: hidden, states, trail: 5 * hidden, into: to + 2 * hidden * hidden)
                dw = gradient
            }
            if needs[2] {
                let gates = Rows.sum(dx).sliced(0..<2 * hidden, axis: 0)
                db = Tensor.concatenated([gates, Rows.sum(candidate)], axis: 0)
            }
            return [needs[0] ? dx : nil, dw, db]
        }
    }
}

extension Recurrence {
    /// - Parameter mask: the rows' first element at the step.
    func place(_ rows: Range<Int>, at mask: UnsafePointer<UInt8>?) -> concord_recurrent_place {
        concord_recurrent_place(rows: rows.count, hidden: hidden, steps: steps, mask: mask)
    }
}
