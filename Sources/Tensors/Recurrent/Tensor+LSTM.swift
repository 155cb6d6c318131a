extension Tensor {
    /// A long short-term memory over the steps of sequences, from a state and a cell of zero.
    ///
    ///     i = sigmoid(x_i + W_i h),  f = sigmoid(x_f + W_f h),  g = tanh(x_g + W_g h),  o = sigmoid(x_o + W_o h)
    ///     c' = f * c + i * g
    ///     h' = o * tanh(c')
    ///
    /// - Parameters:
    ///   - weight: `[4H, H]`, rows in the order i, f, g, o; `self` is the inputs' part of the gates with all biases,
    ///     `[N, T, 4H]`, in the same order.
    ///   - mask: `[N, T]` uint8; in a step of 0 a sample's state and cell stay what they were and its output is zero.
    /// - Returns: the state after every step, `[N, T, H]`, float32.
    /// - Source: Hochreiter, Schmidhuber 1997, with the forget gate of Gers et al. 2000, without peepholes, as
    ///   PyTorch's.
    public func lstm(weight: Tensor, mask: Tensor? = nil) -> Tensor {
        let recurrence = Recurrence(self, weight: weight, mask: mask, gates: 4, in: "lstm")
        let steps = recurrence.steps, hidden = recurrence.hidden, constant = weight.detached
        let width = Kernels.lstmSavedWidth * hidden
        let saved = isRecorded || weight.isRecorded ? Tensor(uninitialized: [shape[0], steps, width]) : nil
        let output = Kernels.lstm(recurrence, asFloat32, weight: constant.transposed(), saved: saved)
        guard let saved else { return output }
        return output.recorded(from: self, weight) { upstream, needs in
            let dx = Kernels.lstmPullback(recurrence, upstream, saved: saved, weight: constant)
            guard needs[1] else { return [dx, nil] }
            let dw = Tensor(uninitialized: constant.shape)
            recurrence.weightGradient(
                4 * hidden, dx.float32Pointer, stride: 4 * hidden, saved.float32Pointer + 5 * hidden,
                savedWidth: width, into: dw.float32Pointer)
            return [needs[0] ? dx : nil, dw]
        }
    }
}
