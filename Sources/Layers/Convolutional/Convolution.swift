import ConcordTensors

/// What convolutions of one and of two axes have in common: how their parameters are made.
enum Convolution {
    /// Weights `[out, in / groups, kernel...]` and, where wanted, biases `[out]`; uniform in ±1/sqrt(in / groups *
    /// kernel), as PyTorch's, where no first values are given.
    static func parameters(
        _ inputs: Int, _ outputs: Int, kernel: [Int], groups: Int, bias: Bool, _ weights: Initializer?,
        _ biases: Initializer?,
        in layer: String
    ) -> (weight: Parameter, bias: Parameter?) {
        ShapeCheck.require(
            inputs % groups == 0 && outputs % groups == 0, layer,
            "\(groups) groups divide not both \(inputs) and \(outputs) channels")
        let fanIn = Initializer.fanIn(inputs / groups * kernel.reduce(1, *))
        let weight = Parameter([outputs, inputs / groups] + kernel, weights ?? fanIn)
        return (weight, bias ? Parameter([outputs], biases ?? fanIn) : nil)
    }
}
