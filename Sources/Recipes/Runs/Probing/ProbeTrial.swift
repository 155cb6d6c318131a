import ConcordEvaluation
import ConcordLayers
import ConcordTensors

/// The features and classes of one label, to fit probes on and to try them on.
struct ProbeTrial {
    /// `[N, C]` with N class numbers.
    let features: Tensor
    let labels: [Int]
    /// `[M, C]` with M class numbers.
    let queries: Tensor
    let truth: [Int]
    let classes: [String]
    /// C of the linear probe; nil: chosen.
    let strength: Double?
    let neighbors: Int

    /// The linear probe on all labels, with its C.
    func linear() -> (Classification, strength: Double) {
        let (predicted, strength) = linear(features, labels)
        return (classification(predicted), strength)
    }

    /// The nearest neighbors among all labeled rows.
    func knn() -> Classification { classification(knn(features, labels)) }

    private func classification(_ predicted: [Int]) -> Classification {
        Classification(predicted: predicted, truth: truth, classes: classes)
    }

    private func linear(_ features: Tensor, _ labels: [Int]) -> (predicted: [Int], strength: Double) {
        // Classes that a draw lacks are none of the fit's.
        let present = Set(labels).sorted(), places = Dictionary(uniqueKeysWithValues: zip(present, 0...))
        guard present.count > 1 else { return ([Int](repeating: present.first ?? 0, count: truth.count), strength ?? 1) }
        let own = labels.map { places[$0] ?? 0 }
        if let strength {
            let probe = LinearProbe(features: features, labels: own, classes: present.count, strength: strength)
            return (probe.classify(queries).map { present[$0] }, strength)
        }
        let (probe, choice) = LinearProbe.choosingStrength(features: features, labels: own, classes: present.count)
        return (probe.classify(queries).map { present[$0] }, choice.strength)
    }

    private func knn(_ features: Tensor, _ labels: [Int]) -> [Int] {
        NearestNeighbors(embeddings: features, labels: labels, classes: classes.count, k: neighbors).classify(queries)
    }

    /// Accuracies with few labels, over several draws: those that `data.subset` of the same size and draw makes.
    func point(
        _ size: LabelSubset.Size, draws: Int, _ classifiers: Set<Probe.Classifier>
    ) -> ProbeReport.CurvePoint {
        let subsets = (0..<draws).map { draw in
            LabelSubset(size, of: labels, key: RandomKey(seed: UInt64(draw)).derived("data.subset"))
        }
        var point = ProbeReport.CurvePoint(
            labels: size.words, rows: subsets.first?.rows.count ?? 0,
            short: subsets.first?.short.map { classes[$0] } ?? [])
        func accuracies(_ predict: (Tensor, [Int]) -> [Int]) -> DrawSummary {
            DrawSummary(
                subsets.map { subset in
                    let own = features.gathered(
                        at: Tensor(subset.rows.map { Int32(truncatingIfNeeded: $0) }, shape: [subset.rows.count]), axis: 0)
                    return classification(predict(own, subset.rows.map { labels[$0] })).accuracy
                })
        }
        if classifiers.contains(.linear) { point.linear = accuracies { linear($0, $1).predicted } }
        if classifiers.contains(.knn) { point.knn = accuracies { knn($0, $1) } }
        return point
    }

    /// How clusters of the queries, made without their classes, agree with them.
    func clusters(count: Int?) -> ClusteringAgreement? {
        let wanted = min(count ?? Set(truth).count, queries.shape[0])
        let means = KMeans(count: max(1, wanted), dimension: queries.shape[1])
        let points = queries.l2Normalized()
        means.fit(points, key: RandomKey(seed: 0), restarts: 10)
        return ClusteringAgreement(truth: truth, clusters: means(points).integerScalars.map(Int.init))
    }
}
