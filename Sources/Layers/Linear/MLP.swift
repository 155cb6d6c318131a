public import ConcordTensors

/// Two linear layers with an activation between them.
///
/// ```swift
/// let y = MLP(256, hidden: 1024)(x)                                     // [..., 256] -> [..., 256]
/// ```
public final class MLP: Module {
    /// `c_fc` in checkpoints.
    public let expansion: Linear
    /// `c_proj` in checkpoints.
    public let projection: Linear
    /// Between the two layers.
    public let activation: Activation
    /// Dropout's probability after the activation.
    public let dropout: Float

    public var checkpointNames: [String: String] { ["expansion": "c_fc", "projection": "c_proj"] }

    /// - Parameters:
    ///   - outputs: as many as inputs where nil.
    ///   - dropout: probability after the activation.
    ///   - expanding, projecting: initial weights of the two layers; PyTorch's where nil.
    public init(
        _ inputs: Int, hidden: Int, _ outputs: Int? = nil, activation: Activation = .gelu, dropout: Float = 0,
        expanding: Initializer? = nil, projecting: Initializer? = nil
    ) {
        expansion = Linear(inputs, hidden, weights: expanding)
        projection = Linear(hidden, outputs ?? inputs, weights: projecting)
        (self.activation, self.dropout) = (activation, dropout)
    }

    /// - Parameter x: `[..., in]`.
    /// - Returns: `[..., out]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        let hidden: Tensor
        if activation == .gelu, let bias = expansion.bias {
            // one pass over [..., hidden] fewer each way
            hidden = x.linear(weight: expansion.weight.value).biasedGELU(bias.value)
        } else {
            hidden = activation(expansion(x))
        }
        return projection(dropout == 0 ? hidden : hidden.dropout(dropout))
    }
}
