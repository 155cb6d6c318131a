extension Tensor {
    /// An operation with a derivative of its own.
    ///
    /// ```swift
    /// let y = Tensor.custom([x], name: "clip") {
    ///     $0[0].clamped(to: -1...1)
    /// } pullback: { inputs, output, upstream, needs in
    ///     [needs[0] ? upstream : nil]                                   // straight through
    /// }
    /// ```
    /// - Parameters:
    ///   - name: what a profile calls it.
    ///   - forward: the value; runs without a tape.
    ///   - pullback: from the inputs, the output, the gradient by the output (of its shape) and which inputs need
    ///     theirs: one gradient an input, of the input's shape; nil for none.
    public static func custom(
        _ inputs: [Tensor], name: StaticString = "custom", forward: ([Tensor]) -> Tensor,
        pullback: @escaping (_ inputs: [Tensor], _ output: Tensor, _ upstream: Tensor, _ needs: [Bool]) -> [Tensor?]
    ) -> Tensor {
        let values = inputs.map(\.detached)
        let output = ConcordTensors.detached { forward(values) }.detached
        return output.recorded(fromAll: inputs, name: name) { upstream, needs in
            let gradients = pullback(values, output, upstream, needs)
            ShapeCheck.require(
                gradients.count == values.count, "custom", "\(gradients.count) gradients of \(values.count) inputs")
            for (gradient, value) in zip(gradients, values) {
                guard let gradient else { continue }
                ShapeCheck.require(
                    gradient.shape == value.shape, "custom", "gradient \(gradient.shape) of an input \(value.shape)")
            }
            return gradients
        }
    }
}
