public import ConcordTensors

/// The function between two layers.
public enum Activation: String, Sendable, CaseIterable {
    /// `max(x, 0)`.
    case relu
    /// The exact GELU (erf).
    case gelu
    /// Its approximation by tanh.
    case tanhGELU = "gelu_tanh"
    /// `x sigmoid(1.702 x)`: OpenAI's CLIP.
    case quickGELU = "quick_gelu"
    /// `x sigmoid(x)`.
    case silu
    /// The hyperbolic tangent.
    case tanh

    /// Applied to each element.
    /// - Returns: the same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .relu: x.relu()
        case .gelu: x.gelu(.exact)
        case .tanhGELU: x.gelu(.tanh)
        case .quickGELU: x.gelu(.quick)
        case .silu: x.silu()
        case .tanh: x.tanh()
        }
    }
}
