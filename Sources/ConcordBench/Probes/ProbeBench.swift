import Concord
import Foundation

/// Embeddings of classes as an encoder makes them, some directions of which vary more than others, and what is measured
/// on them.
struct ProbeBench {
    let samples: Int, queries: Int, dimension: Int, classes: Int
    private let features: Tensor
    private let labels: [Int]

    init(samples: Int, queries: Int, dimension: Int, classes: Int) {
        (self.samples, self.queries) = (samples, queries)
        (self.dimension, self.classes) = (dimension, classes)
        let all = samples + queries, key = RandomKey(seed: 0), rank = max(1, dimension / 8)
        var random = key.derived("labels").sequence
        let labels = (0..<all).map { _ in random.integer(below: classes) }
        self.labels = labels
        let centers = Tensor(normal: 0, std: 0.25, shape: [classes, dimension], key: key.derived("centers"))
        let directions = Tensor(normal: 0, std: 0.25, shape: [rank, dimension], key: key.derived("directions"))
        let noise = Tensor(normal: 0, std: 1, shape: [all, dimension], key: key.derived("noise"))
        let common = Tensor(normal: 0, std: 1, shape: [all, rank], key: key.derived("common"))
        features =
            noise + common.matmul(directions)
            + centers.gathered(at: Tensor(labels.map(Int32.init), shape: [all]))
    }

    private var training: Tensor { features.sliced(0..<samples, axis: 0) }
    private var test: Tensor { features.sliced(samples..<samples + queries, axis: 0) }
    private var trainingLabels: [Int] { Array(labels[..<samples]) }

    private func accuracy(_ predicted: [Int]) -> Double {
        Double(zip(predicted, labels[samples...]).filter { $0 == $1 }.count) / Double(max(1, queries))
    }

    /// Each kind of probe once, in this process.
    func measure(_ kind: ProbeKind) -> ProbeMeasurement {
        let features = training, test = test, labels = trainingLabels
        var seconds = 0.0
        switch kind {
        case .linear, .linearTight:
            var probe: LinearProbe?
            seconds = Timing.seconds { probe = LinearProbe(features: features, labels: labels, classes: classes) }
            return ProbeMeasurement(
                seconds: seconds, quality: probe.map { accuracy($0.classify(test)) } ?? 0,
                objective: probe?.objective ?? 0, evaluations: probe?.evaluations ?? 0)
        case .neighbors:
            let probe = NearestNeighbors(embeddings: features, labels: labels, classes: classes)
            var predicted: [Int] = []
            seconds = Timing.seconds { predicted = probe.classify(test) }
            return ProbeMeasurement(seconds: seconds, quality: accuracy(predicted), objective: 0, evaluations: 0)
        case .clusters:
            let clusters = KMeans(count: classes, dimension: dimension)
            var spread: Float = 0
            seconds = Timing.seconds { spread = clusters.fit(features, key: RandomKey(seed: 0), tolerance: 1e-4) }
            return ProbeMeasurement(
                seconds: seconds, quality: Double(spread), objective: Double(spread) * Double(samples), evaluations: 0)
        }
    }

    /// Writes features and labels for other programs: `features.f32` and `labels.i32`, numbers alone.
    func write(to directory: String) throws {
        let floats = UnsafeRawBufferPointer(start: features.float32Pointer, count: features.count * 4)
        try Data(floats).write(to: URL(fileURLWithPath: directory + "/features.f32"))
        let numbers = labels.map(Int32.init)
        try numbers.withUnsafeBytes { try Data($0).write(to: URL(fileURLWithPath: directory + "/labels.i32")) }
    }
}

/// What is measured.
enum ProbeKind: String, CaseIterable, Codable {
    /// ``LinearProbe``; scikit-learn's `LogisticRegression` with its own tolerance of 1e-4.
    case linear = "linear probe"
    /// The same with Concord's tolerance of 1e-6 in both.
    case linearTight = "linear probe, 1e-6"
    /// ``NearestNeighbors`` with k = 200.
    case neighbors = "k-NN, k = 200"
    /// ``KMeans`` with scikit-learn's tolerance.
    case clusters = "k-means"
}

/// One run of it.
struct ProbeMeasurement: Codable {
    let seconds: Double
    /// Accuracy on the queries, or k-means' mean squared distance.
    let quality: Double
    /// The minimized sum.
    let objective: Double
    /// Of the sum and its gradient.
    let evaluations: Int
}
