public import ConcordTensors

/// How a parameter gets its initial value.
public enum Initializer: Sendable {
    /// The same everywhere.
    case constant(Float)
    /// Uniform in a range.
    case uniform(ClosedRange<Float>)
    /// Normal with mean 0.
    case normal(std: Float)
    /// Uniform in ±1/sqrt(fanIn): PyTorch's default for the weights and biases of linear and convolution layers.
    case fanIn(Int)
    /// These values, which must have the parameter's shape.
    case values(Tensor)

    /// Zero everywhere.
    public static let zeros = Initializer.constant(0)
    /// One everywhere.
    public static let ones = Initializer.constant(1)

    /// A value of the given shape: a function of the key alone.
    public func callAsFunction(shape: [Int], key: RandomKey) -> Tensor {
        switch self {
        case .constant(let value): return Tensor(repeating: value, shape: shape)
        case .uniform(let range): return Tensor(uniform: range, shape: shape, key: key)
        case .normal(let std): return Tensor(normal: 0, std: std, shape: shape, key: key)
        case .fanIn(let fanIn):
            let bound = 1 / Float(max(1, fanIn)).squareRoot()
            return Tensor(uniform: -bound...bound, shape: shape, key: key)
        case .values(let tensor): return tensor
        }
    }
}

extension Initializer {
    /// Uniform in ±sqrt(6 / (fanIn + fanOut)).
    /// - Source: Glorot, Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", eq.
    ///   16.
    public static func glorot(fanIn: Int, fanOut: Int) -> Initializer {
        let bound = (6 / Float(max(1, fanIn + fanOut))).squareRoot()
        return .uniform(-bound...bound)
    }

    /// Normal with standard deviation sqrt(2 / fanOut): torchvision's for the convolutions of a ResNet.
    /// - Source: He, Zhang, Ren, Sun 2015, arXiv:1502.01852, eq. 14.
    public static func he(fanOut: Int) -> Initializer { .normal(std: (2 / Float(max(1, fanOut))).squareRoot()) }
}
