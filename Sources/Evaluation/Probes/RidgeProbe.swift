public import ConcordTensors

/// A linear regression on frozen embeddings: ridge regression on standardized features, for labels that are numbers.
///
///     minimize  sum_n (y_n - w x_n - b)^2 + penalty ||w||^2
///
/// scikit-learn's `Ridge` (alpha = 1) after its `StandardScaler`.
///
/// ```swift
/// let probe = RidgeProbe(features: training, targets: ages)             // [N, D], N numbers
/// let metrics = RegressionMetrics(predicted: probe.predict(test), truth: testAges)
/// ```
public struct RidgeProbe: Sendable {
    /// `[D]`, for standardized features.
    public let weight: [Double]
    /// The mean of the targets.
    public let bias: Double
    private let mean, std: [Double]

    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - targets: N finite numbers.
    ///   - penalty: scikit-learn's alpha, above 0.
    public init(features: Tensor, targets: [Double], penalty: Double = 1) {
        self = RidgeFit(features: features, targets: targets).probe(penalty: penalty)
    }

    init(weight: [Double], bias: Double, mean: [Double], std: [Double]) {
        (self.weight, self.bias) = (weight, bias)
        (self.mean, self.std) = (mean, std)
    }

    /// A number for each row of features `[M, D]`.
    public func predict(_ features: Tensor) -> [Double] {
        ShapeCheck.require(
            features.rank == 2 && features.shape[1] == weight.count, "RidgeProbe",
            "features \(features.shape) for \(weight.count) weights")
        return features.standardized(mean: mean, std: std).products(with: weight).map { $0 + bias }
    }

    /// How a probe's penalty was chosen.
    public struct PenaltyChoice: Sendable, Codable, Equatable {
        /// One penalty that was tried.
        public struct Trial: Sendable, Codable, Equatable {
            /// The penalty.
            public let penalty: Double
            /// Mean absolute error of the validation rows.
            public let mae: Double
            /// R^2 of the validation rows; nil where their numbers are all equal.
            public let r2: Double?
        }

        /// The penalty chosen.
        public let penalty: Double
        /// Each penalty with its metrics, penalties descending; none without validation rows.
        public let trials: [Trial]
        /// Number of rows validated on, over all folds.
        public let validationCount: Int

        enum CodingKeys: String, CodingKey {
            case penalty, trials
            case validationCount = "validation_count"
        }
    }

    /// Penalties from 10⁵ to 10⁻³, nine values.
    public static let defaultPenalties = [1e5, 1e4, 1e3, 100, 10, 1, 0.1, 0.01, 1e-3]

    /// A probe whose penalty has the least squared error on validation rows, of equal ones the largest penalty, fitted
    /// to all rows. Without a row to validate on the penalty nearest to 1 is taken.
    /// - Parameters:
    ///   - features, targets: as of a probe.
    ///   - penalties: to try, at least one, all above 0.
    ///   - validation: the rows to validate on; key: of their choice.
    public static func choosingPenalty(
        features: Tensor, targets: [Double], penalties: [Double] = defaultPenalties,
        validation: ProbeValidation = .automatic, key: RandomKey = RandomKey(seed: 0)
    ) -> (probe: RidgeProbe, choice: PenaltyChoice) {
        ShapeCheck.require(
            !penalties.isEmpty && penalties.allSatisfy { $0 > 0 }, "RidgeProbe",
            "penalties \(penalties) must be positive")
        let splits = validation.splits(
            labels: [Int](repeating: 0, count: targets.count), key: key.derived("probe validation"))
        let tried = Set(penalties).sorted(by: >)
        var predicted = [[Double]](repeating: [], count: tried.count), truth: [Double] = []
        for rows in splits {
            let fit = RidgeFit(features: features.rows(rows.training), targets: rows.training.map { targets[$0] })
            let held = features.rows(rows.validation)
            truth += rows.validation.map { targets[$0] }
            for (place, penalty) in tried.enumerated() { predicted[place] += fit.probe(penalty: penalty).predict(held) }
        }
        var trials: [PenaltyChoice.Trial] = []
        var penalty = penalties.min { max($0, 1 / $0) < max($1, 1 / $1) } ?? 1, least = Double.infinity
        for (tried, predicted) in zip(tried, predicted) where !truth.isEmpty {
            let found = RegressionMetrics(predicted: predicted, truth: truth)
            trials.append(PenaltyChoice.Trial(penalty: tried, mae: found.mae, r2: found.r2))
            if found.rmse < least { (penalty, least) = (tried, found.rmse) }
        }
        let choice = PenaltyChoice(penalty: penalty, trials: trials, validationCount: truth.count)
        return (RidgeProbe(features: features, targets: targets, penalty: penalty), choice)
    }
}
