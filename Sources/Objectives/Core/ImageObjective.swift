import ConcordLayers
public import ConcordTensors

/// An objective over images `[N, S, S, 3]` whose loss is a mean over them: microbatches are averaged.
///
/// What is drawn for an image follows from its sample's key alone (`Computation.sampleKeys`).
public protocol ImageObjective: MicrobatchedObjective where Input == Tensor {}

extension ImageObjective {
    /// The mean over the images of all microbatches.
    public func lossWithGradient(of images: Tensor, microbatch: Int) -> (Loss, Gradients) {
        Microbatches(of: images.shape[0], atMost: microbatch).meanWithGradient { rows in
            (self(images.rows(in: rows)), weight: Double(rows.count))
        }
    }
}

extension Loss {
    /// The mean cross-entropy of logits `[M, K]`, `ln K` at chance, with the metric `accuracy`.
    /// - Parameter labels: int32 `[M]`.
    static func classification(_ logits: Tensor, labels: Tensor) -> Loss {
        let correct = logits.detached.argmax(axis: 1) .== labels
        return Loss(
            logits.crossEntropy(labels: labels), metrics: [("accuracy", correct.converted(to: .float32).mean())])
    }
}
