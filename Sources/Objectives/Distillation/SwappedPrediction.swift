public import ConcordLayers
public import ConcordTensors

/// Predicts the prototypes that one view is assigned to from the other view: clusters learned with the encoder.
///
///     s = cos(z, prototypes)                                                // [N, K]
///     q = Sinkhorn(s / epsilon), a constant: samples spread evenly over the prototypes
///     loss = 1/2 (cross-entropy(q(b), softmax(s(a) / t)) + cross-entropy(q(a), softmax(s(b) / t)))
///
/// Prototypes have length 1: rows are scaled so before the first and after every update. With a queue, projections of
/// earlier batches take part in the assignments once the queue is full, so that batches smaller than the number of
/// prototypes are spread evenly too. Local views (multi-crop) predict the assignments of both views and have none; the
/// loss is the mean over all pairs. Labels are ignored.
///
/// ```swift
/// let swav = JointEmbedding(
///     ResNet(depth: 18, stem: .cifar), head: ProjectionHead(512, hidden: 2048, 128, norm: .hidden),
///     loss: SwappedPrediction(prototypes: 3000, dimension: 128))
/// ```
/// At chance `ln K`.
/// - Source: Caron et al. 2020, arXiv:2006.09882, eq. 2 to 5. As in the authors' code, queues hold projections, and the
///   current prototypes score them; the largest score is subtracted before Sinkhorn's exponentials, which changes
///   nothing but their range.
public final class SwappedPrediction: MultiCropLoss, UpdateObserver {
    /// Number K of prototypes.
    public let count: Int
    /// t, the temperature of predictions, above 0.
    public let temperature: Float
    /// epsilon, the temperature of assignments, above 0.
    public let epsilon: Float
    /// Rounds of Sinkhorn's normalization, at least 1.
    public let iterations: Int
    /// Updates in which the prototypes stay as they are.
    public let frozenUpdates: Int
    /// `[K, D]`, rows of length 1.
    public let prototypes: Parameter
    /// The projections of earlier batches, a queue a view; nil: assignments are of the batch alone.
    public let queues: [MemoryQueue]
    /// Updates made, and rows that entered each queue.
    private let updates = Buffer(Tensor([Int32(0)], shape: []), underMicrobatches: .last)
    private let queued = Buffer(Tensor([Int32(0)], shape: []), underMicrobatches: .last)
    private let staged = StagedRows()

    public var checkpointNames: [String: String] { ["prototypes": "prototypes.weight"] }

    /// - Parameters:
    ///   - prototypes: K, at least 1.
    ///   - dimension: D of a projection.
    ///   - temperature: t, above 0.
    ///   - epsilon: of the assignments, above 0.
    ///   - iterations: of Sinkhorn's normalization, at least 1.
    ///   - queue: projections of earlier batches for each view; 0: none.
    ///   - frozenUpdates: updates in which the prototypes stay as they are.
    public init(
        prototypes: Int, dimension: Int, temperature: Float = 0.1, epsilon: Float = 0.05, iterations: Int = 3,
        queue: Int = 0, frozenUpdates: Int = 0
    ) {
        ShapeCheck.require(
            prototypes > 0 && temperature > 0 && epsilon > 0 && iterations > 0 && queue >= 0 && frozenUpdates >= 0,
            "SwappedPrediction",
            "\(prototypes) prototypes, temperature \(temperature), epsilon \(epsilon), \(iterations) iterations, "
                + "queue \(queue), \(frozenUpdates) frozen updates")
        (count, self.temperature, self.epsilon) = (prototypes, temperature, epsilon)
        (self.iterations, self.frozenUpdates) = (iterations, frozenUpdates)
        self.prototypes = Parameter([prototypes, dimension], .fanIn(dimension))
        queues = queue == 0 ? [] : (0..<2).map { _ in MemoryQueue(count: queue, dimension: dimension) }
    }

    /// The loss of two views.
    /// - Parameters:
    ///   - a, b: `[N, D]`, of any length.
    ///   - labels: ignored.
    /// - Returns: a scalar; `ln K` at chance.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, labels: Tensor? = nil) -> Tensor {
        views(a, b, local: nil, labels: labels)
    }

    public func views(_ a: Tensor, _ b: Tensor, local: Tensor?, labels: Tensor?) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2 && a.shape[1] == prototypes.shape[1], "SwappedPrediction",
            "\(a.shape) against \(b.shape) and prototypes \(prototypes.shape): two [N, D] wanted")
        return withPrecision(.float32) {
            let isFrozen = updates.value.integerScalars[0] < frozenUpdates
            let prototypes = isFrozen ? self.prototypes.value.detached : self.prototypes.value
            func scored(_ view: Tensor) -> Tensor { view.matmul(prototypes, transposing: .right) }
            let views = [a, b].map { $0.converted(to: .float32).l2Normalized() }
            let scores = views.map(scored)  // [N, K]
            let others = local.map { scored($0.converted(to: .float32).l2Normalized()) / temperature }  // [V N, K]
            let targets = detached {
                zip(views, scores).enumerated().map { assignments(of: $1.0, $1.1, view: $0) }
            }
            if Computation.isTraining { stage(views) }
            return ViewCrossEntropy.loss(
                targets: (targets[0], targets[1]), logits: (scores[0] / temperature, scores[1] / temperature),
                local: others)
        }
    }

    /// `[N, K]`, rows of sum 1.
    private func assignments(of view: Tensor, _ scores: Tensor, view place: Int) -> Tensor {
        guard place < queues.count, Int(queued.value.integerScalars[0]) >= queues[place].count else {
            return Self.sinkhorn(scores.detached, epsilon: epsilon, iterations: iterations)
        }
        let earlier = queues[place].rows.matmul(prototypes.value.detached, transposing: .right)
        let all = Tensor.concatenated([scores.detached, earlier], axis: 0)
        return Self.sinkhorn(all, epsilon: epsilon, iterations: iterations).sliced(0..<scores.shape[0], axis: 0)
    }

    /// `e^(scores / epsilon)` scaled so that rows have sum 1 and columns, nearly, equal sums.
    /// - Parameter scores: `[N, K]`.
    /// - Returns: `[N, K]`, rows of sum 1.
    public static func sinkhorn(_ scores: Tensor, epsilon: Float, iterations: Int) -> Tensor {
        detached {
            let smallest: Float = 1e-30  // below every sum that has a score within 69 epsilon of the largest
            var q = ((scores - scores.max()) / epsilon).exp()
            for _ in 0..<iterations {
                q = q / (q.sum(axes: [0], keepingAxes: true) + smallest)
                q = q / (q.sum(axes: [1], keepingAxes: true) + smallest)
            }
            return q
        }
    }

    private func stage(_ views: [Tensor]) {
        for (queue, view) in zip(queues, views) { queue.stage(view) }
        if !queues.isEmpty { staged.append(views[0].detached) }
    }

    public func parametersDidInitialize() {
        guard updates.stored.integerScalars[0] == 0 else { return }  // a checkpoint's have length 1, to the last bit
        normalizePrototypes()
    }

    public func parametersDidUpdate(_ progress: TrainingProgress) {
        normalizePrototypes()
        let rows = staged.take()?.shape[0] ?? 0, known = Int(queued.stored.integerScalars[0])
        let most = queues.first?.count ?? 0
        queued.assign(Tensor([Int32(min(most, known + rows))], shape: []))
        updates.assign(Tensor([updates.stored.integerScalars[0] &+ 1], shape: []))
    }

    private func normalizePrototypes() {
        let unit = prototypes.stored.l2Normalized().scalars
        prototypes.update { values in for (place, value) in unit.enumerated() { values[place] = value } }
    }
}
