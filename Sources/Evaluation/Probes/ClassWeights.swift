import ConcordTensors

/// How much the samples of each class weigh in a probe's loss.
public enum ClassWeights: Sendable, Equatable {
    /// 1 each.
    case uniform
    /// `N / (K n_k)` for n_k of N samples and K classes that have some: all classes weigh the same. With weights of
    /// samples, N and n_k are their sums. scikit-learn's `class_weight="balanced"`.
    case balanced
    /// One of each class, none below 0.
    case given([Double])

    /// The weights of samples, nil where all are 1.
    /// - Parameters: labels: in `0 ..< classes`; samples: weights of their own.
    func weights(labels: [Int], classes: Int, samples: [Double]?) -> [Double]? {
        if let samples {
            ShapeCheck.require(
                samples.count == labels.count && samples.allSatisfy { $0 >= 0 && $0.isFinite }, "ClassWeights",
                "\(samples.count) sample weights from \(samples.min() ?? 0) to \(samples.max() ?? 0) for "
                    + "\(labels.count) samples")
        }
        let byClass: [Double]
        switch self {
        case .uniform: return samples
        case .balanced:
            var sums = [Double](repeating: 0, count: classes)
            for (n, label) in labels.enumerated() { sums[label] += samples?[n] ?? 1 }
            let total = sums.reduce(0, +), present = Double(sums.filter { $0 > 0 }.count)
            byClass = sums.map { $0 > 0 ? total / (present * $0) : 0 }
        case .given(let weights):
            ShapeCheck.require(
                weights.count == classes && weights.allSatisfy { $0 >= 0 && $0.isFinite }, "ClassWeights",
                "\(weights.count) weights from \(weights.min() ?? 0) to \(weights.max() ?? 0) for \(classes) classes")
            byClass = weights
        }
        return labels.indices.map { byClass[labels[$0]] * (samples?[$0] ?? 1) }
    }
}
