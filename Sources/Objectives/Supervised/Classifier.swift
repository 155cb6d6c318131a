public import ConcordLayers
public import ConcordTensors

/// Learns the classes of labeled samples: supervised training, from pretrained weights or from none.
///
///     loss = sum over labeled samples n of  w_(y_n) CE(softmax(outputs_n), y_n)  /  sum of w_(y_n)
///
/// Label smoothing s mixes the label with all classes, as PyTorch's `CrossEntropyLoss(weight:label_smoothing:)`:
/// `(1 - s) w_y (-ln p_y) + s/K sum over k of w_k (-ln p_k)` in place of `w_y CE`.
///
/// ```swift
/// let classifier = Classifier(SupervisedNetwork(encoder, outputs: 10), smoothing: 0.1)
/// let loss = classifier(Labeled(images, labels: labels))
/// ```
/// `ln K` at chance; 0 for a batch without labels. Metrics: `accuracy`, over labeled samples.
public final class Classifier<E: FeatureEncoder>: Objective {
    /// Samples with int32 classes in `0 ..< K`, -1 for none.
    public typealias Input = Labeled<E.Input>

    /// The encoder and its head.
    public let network: SupervisedNetwork<E>
    private let smoothing: Float
    private let weights: [Float]?

    public var checkpointNames: [String: String] { ["network": ""] }

    /// - Parameters:
    ///   - network: with as many outputs as there are classes.
    ///   - smoothing: in `0 ... 1`.
    ///   - weights: one a class, none negative; nil: all 1.
    public init(_ network: SupervisedNetwork<E>, smoothing: Float = 0, weights: [Float]? = nil) {
        let count = network.head.outputDimension
        ShapeCheck.require(
            (0...1).contains(smoothing) && weights?.count ?? count == count && weights?.allSatisfy { $0 >= 0 } ?? true,
            "Classifier", "smoothing \(smoothing), weights \(weights ?? []) for \(count) classes")
        (self.network, self.smoothing, self.weights) = (network, smoothing, weights)
    }

    /// The loss of a batch, in the surrounding mode.
    public func callAsFunction(_ batch: Labeled<E.Input>) -> Loss { loss(batch).loss }

    private func loss(_ batch: Labeled<E.Input>) -> (loss: Loss, weight: Double) {
        let labels = batch.labels.integerScalars
        let weight = labels.reduce(0.0) { $0 + ($1 < 0 ? 0 : Double(weights?[Int($1)] ?? 1)) }
        guard weight > 0 else { return (Loss(Tensor(0), metrics: [("accuracy", Tensor(0))]), 0) }
        let outputs = network(batch.input)
        let correct = zip(outputs.detached.argmax(axis: 1).integerScalars, labels).count { $0 == $1 }
        let accuracy = Float(correct) / Float(max(1, labels.count { $0 >= 0 }))
        let total = weights.map { weighted(outputs, labels, $0, sum: Float(weight)) }
            ?? outputs.crossEntropy(labels: batch.labels, smoothing: smoothing, ignoring: -1)
        return (Loss(total, metrics: [("accuracy", Tensor(accuracy))]), weight)
    }

    private func weighted(_ outputs: Tensor, _ labels: [Int32], _ weights: [Float], sum: Float) -> Tensor {
        let classes = weights.count
        var targets = [Float](repeating: 0, count: labels.count * classes)
        for (row, label) in labels.enumerated() where label >= 0 {
            for k in 0..<classes { targets[row * classes + k] = weights[k] * smoothing / Float(classes) }
            targets[row * classes + Int(label)] += weights[Int(label)] * (1 - smoothing)
        }
        return (outputs.logSoftmax() * Tensor(targets, shape: outputs.shape)).sum() * (-1 / sum)
    }
}

extension Classifier: MicrobatchedObjective {
    public var microbatchingUnsupportedReason: String? { SlicedInput<E.Input>.unsupportedReason }

    public func lossWithGradient(of batch: Labeled<E.Input>, microbatch: Int) -> (Loss, Gradients) {
        guard let input = SlicedInput(batch.input), !Microbatches.isWhole(input.count, atMost: microbatch)
        else {
            return Microbatches.wholeWithGradient { self(batch) }
        }
        return Microbatches(of: input.count, atMost: microbatch).meanWithGradient { rows in
            loss(Labeled(input.rows(rows), labels: batch.labels.rows(in: rows)))
        }
    }
}
