public import ConcordLayers
public import ConcordTensors

/// Predicts by which of four quarter turns an image was rotated (RotNet): what is up in it must be understood for that.
///
/// Every image is seen in all four rotations, so that a batch of N is one of 4N.
///
///     loss = mean over images and turns k of  -ln softmax(head(encoder(image turned by k)))_k
///
/// ```swift
/// let rotation = RotationPrediction(ResNet(depth: 18, stem: .cifar))
/// let loss = rotation(images)                                           // [N, S, S, 3]
/// ```
/// `ln 4` at chance. Metrics: `accuracy`. In checkpoints: `encoder.…`, `head.weight` `[4, C]` and `head.bias`.
/// - Source: Gidaris, Singh, Komodakis 2018, arXiv:1803.07728, equation 2. The classifier is a linear layer on the
///   encoder's output; theirs is on its last feature map.
public final class RotationPrediction<E: FeatureEncoder>: ImageObjective where E.Input == Tensor {
    /// Square images `[N, S, S, C]`.
    public typealias Input = Tensor

    /// The encoder, which is kept after training.
    public let encoder: E
    /// From the encoder's output to the four turns.
    public let head: Linear

    /// - Parameter encoder: of square images.
    public init(_ encoder: E) {
        self.encoder = encoder
        head = Linear(encoder.outputDimension, 4)
    }

    /// The loss of images, each in all four rotations, in the surrounding mode.
    /// - Precondition: the images are square.
    public func callAsFunction(_ images: Tensor) -> Loss {
        let count = images.shape[0]
        let turned = Tensor.concatenated((0..<4).map { images.turned(by: $0) }, axis: 0)  // [4N, S, S, C]
        let turns = Tensor((0..<4 * count).map { Int32($0 / max(1, count)) }, shape: [4 * count])
        return .classification(head(encoder(turned)), labels: turns)
    }
}

extension Tensor {
    /// Square images `[N, S, S, C]` turned counterclockwise by so many quarter turns, as `torch.rot90` does.
    func turned(by quarters: Int) -> Tensor {
        ShapeCheck.require(
            rank == 4 && shape[1] == shape[2], "RotationPrediction", "[N, S, S, C] wanted, found \(shape)")
        return switch quarters % 4 {
        case 1: permuted([0, 2, 1, 3]).flipped(axis: 1)
        case 2: flipped(axis: 1).flipped(axis: 2)
        case 3: permuted([0, 2, 1, 3]).flipped(axis: 2)
        default: self
        }
    }
}
