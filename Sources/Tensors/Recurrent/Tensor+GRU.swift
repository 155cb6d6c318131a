extension Tensor {
    /// A gated recurrent unit over the steps of sequences, from a state of zero.
    ///
    ///     r = sigmoid(x_r + W_r h + b_r)
    ///     z = sigmoid(x_z + W_z h + b_z)
    ///     n = tanh(x_n + r * (W_n h + b_n))
    ///     h' = (1 - z) * n + z * h
    ///
    /// - Parameters:
    ///   - weight: `[3H, H]`, rows in the order r, z, n; `self` is the inputs' part of the gates `[N, T, 3H]` in the
    ///     same order.
    ///   - bias: `[3H]`; zeros where nil.
    ///   - mask: `[N, T]` uint8; in a step of 0 a sample's state stays what it was and its output is zero.
    /// - Returns: the state after every step, `[N, T, H]`, float32.
    /// - Source: Cho et al. 2014, arXiv:1406.1078, as PyTorch and cuDNN have it: the reset gate after the matrix
    ///   product, z the weight of the old state.
    public func gru(weight: Tensor, bias: Tensor? = nil, mask: Tensor? = nil) -> Tensor {
        let recurrence = Recurrence(self, weight: weight, mask: mask, gates: 3, in: "gru")
        let steps = recurrence.steps, hidden = recurrence.hidden, constant = weight.detached
        if let bias { ShapeCheck.lastAxis(of: self, matches: bias, in: "gru") }
        let isRecorded = isRecorded || weight.isRecorded || bias?.isRecorded ?? false
        let width = Kernels.gruSavedWidth * hidden
        let saved = isRecorded ? Tensor(uninitialized: [shape[0], steps, width]) : nil
        let output = Kernels.gru(
            recurrence, asFloat32, weight: constant.transposed(), bias: bias?.detached ?? Tensor(zeros: [3 * hidden]),
            saved: saved)
        guard let saved else { return output }
        return output.recorded(fromGiven: [self, weight, bias]) { upstream, needs in
            let (dx, candidate) = Kernels.gruPullback(recurrence, upstream, saved: saved, weight: constant)
            var dw: Tensor?, db: Tensor?
            if needs[1] {
                let gradient = Tensor(uninitialized: constant.shape), states = saved.float32Pointer + 4 * hidden
                let to = gradient.float32Pointer
                recurrence.weightGradient(
                    2 * hidden, dx.float32Pointer, stride: 3 * hidden, states, savedWidth: width, into: to)
                recurrence.weightGradient(
                    hidden, candidate.float32Pointer, stride: hidden, states, savedWidth: width,
                    into: to + 2 * hidden * hidden)
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
