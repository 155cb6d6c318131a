public import ConcordTensors

/// How a parameter gets its first value.
public enum Initializer: Sendable {
    case constant(Float)
    case uniform(ClosedRange<Float>)
    case normal(deviation: Float)
    /// Uniform in ±1/sqrt(fanIn): PyTorch's default for the weights and biases of linear and convolution layers.
    case fanIn(Int)
    case values(Tensor)

    public static let zeros = Initializer.constant(0)
    public static let ones = Initializer.constant(1)

    /// A value of the given shape: a function of the key alone.
    public func callAsFunction(shape: [Int], key: RandomKey) -> Tensor {
        switch self {
        case .constant(let value): return Tensor(repeating: value, shape: shape)
        case .uniform(let range): return Tensor(uniform: range, shape: shape, key: key)
        case .normal(let deviation): return Tensor(normal: 0, deviation: deviation, shape: shape, key: key)
        case .fanIn(let fanIn):
            let bound = 1 / Float(max(1, fanIn)).squareRoot()
            return Tensor(uniform: -bound...bound, shape: shape, key: key)
        case .values(let tensor): return tensor
        }
    }
}
