import ConcordLayers
import ConcordTensors

/// An encoder with the head that a loss looks through.
final class ProjectedEncoder<E: FeatureEncoder>: Module {
    let encoder: E
    /// Nil: the loss sees the encoder's output.
    let head: ProjectionHead?

    init(_ encoder: E, head: ProjectionHead?) {
        (self.encoder, self.head) = (encoder, head)
        guard let head else { return }
        let (wanted, found) = (head.inputDimension, encoder.outputDimension)
        ShapeCheck.require(
            wanted == found, "ProjectionHead", "it takes \(wanted) numbers, and the encoder gives \(found)")
    }

    var outputDimension: Int { head?.outputDimension ?? encoder.outputDimension }

    /// `[N, D]`.
    func callAsFunction(_ input: E.Input) -> Tensor {
        let features = encoder(input)
        return head.map { $0(features) } ?? features
    }
}
