public import ConcordLayers
public import ConcordTensors

/// An encoder with a head of K numbers a sample: what fine-tuning trains.
///
///     outputs = linear(dropout(norm(encoder(x)))),   with a hidden layer and ReLU in between where one is asked for
///
/// In checkpoints: `encoder.…`, `norm.…`, and `head.linears.0.weight` `[K, C]` with its bias.
public final class SupervisedNetwork<E: FeatureEncoder>: Module {
    /// What becomes of the encoder in training.
    public enum EncoderUse: Sendable {
        /// It is trained with the head.
        case trained
        /// It is used in evaluation mode and gets no gradient: the head alone learns.
        case frozen
    }

    /// The encoder, which is kept when the head is not.
    public let encoder: E
    /// Batch normalization of the encoder's output; nil: none.
    public let norm: BatchNorm?
    /// From the encoder's output to K numbers.
    public let head: ProjectionHead
    private let use: EncoderUse
    private let dropout: Float

    /// - Parameters:
    ///   - outputs: K.
    ///   - hidden: size of a layer between; nil for a linear head.
    ///   - dropout: probability of each number of the encoder's output to be left out in training, in `0..<1`.
    ///   - normalizes: whether the encoder's output is normalized over the batch first: a frozen encoder's numbers may
    ///     be of any size.
    ///   - use: whether the encoder is trained.
    public init(
        _ encoder: E, outputs: Int, hidden: Int? = nil, dropout: Float = 0, normalizes: Bool = false,
        use: EncoderUse = .trained
    ) {
        ShapeCheck.require(
            outputs > 0 && (0..<1).contains(dropout), "SupervisedNetwork", "\(outputs) outputs, dropout \(dropout)")
        let width = encoder.outputDimension
        self.encoder = encoder
        norm = normalizes ? BatchNorm(width) : nil
        head = ProjectionHead(width, hidden: hidden ?? width, outputs, layers: hidden == nil ? 1 : 2)
        (self.use, self.dropout) = (use, dropout)
    }

    /// The encoder's output, `[N, C]`.
    public func features(_ input: E.Input) -> Tensor {
        switch use {
        case .trained: encoder(input)
        case .frozen: evaluating { detached { encoder(input) } }
        }
    }

    /// The head's output for the encoder's, `[N, C]` to `[N, K]`.
    public func outputs(of features: Tensor) -> Tensor {
        head((norm.map { $0(features) } ?? features).dropout(dropout))
    }

    /// `[N, K]`.
    public func callAsFunction(_ input: E.Input) -> Tensor { outputs(of: features(input)) }
}
