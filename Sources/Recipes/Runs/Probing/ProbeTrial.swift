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

    /// The linear probe's accuracy with few labels, over several draws: those that `data.subset` of the same amount and
    /// draw makes.
    func linearCurve(_ amounts: [LabelAmount], draws: Int) -> FewLabelCurve {
        curve(amounts, draws) { linear($0, $1).predicted }
    }

    /// The accuracy of the nearest neighbors with few labels, over the same draws.
    func knnCurve(_ amounts: [LabelAmount], draws: Int) -> FewLabelCurve { curve(amounts, draws, knn) }

    private func curve(
        _ amounts: [LabelAmount], _ draws: Int, _ predict: (Tensor, [Int]) -> [Int]
    ) -> FewLabelCurve {
        FewLabelCurve(labels: labels, amounts: amounts, draws: draws, key: { SampleTable.key(ofDraw: $0) }) { few in
            classification(predict(features.gathered(at: few.indices), few.labels)).accuracy
        }
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
