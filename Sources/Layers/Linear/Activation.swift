public import ConcordTensors

/// The function between two layers.
public enum Activation: String, Sendable, CaseIterable {
    case relu
    /// The exact GELU (erf).
    case gelu
    /// Its approximation by tanh.
    case tanhGELU = "gelu_tanh"
    /// `x sigmoid(1.702 x)`: OpenAI's CLIP.
    case quickGELU = "quick_gelu"
    case silu
    case tanh

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
