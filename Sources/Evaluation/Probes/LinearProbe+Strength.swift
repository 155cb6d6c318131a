public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension LinearProbe {
    /// How a probe's C was chosen.
    public struct StrengthChoice: Sendable, Codable, Equatable {
        /// One C that was tried.
        public struct Trial: Sendable, Codable, Equatable {
            /// C.
            public let strength: Double
            /// Fraction of the validation rows classified correctly.
            public let accuracy: Double
        }

        /// The C chosen.
        public let strength: Double
        /// Each C with its accuracy, C ascending; none without validation rows.
        public let trials: [Trial]
        /// Number of rows validated on, over all folds.
        public let validationCount: Int

        enum CodingKeys: String, CodingKey {
            case strength, trials
            case validationCount = "validation_count"
        }
    }

    /// C from 10⁻⁴ to 10⁴, nine values.
    public static let defaultStrengths = (-4...4).map { pow(10, Double($0)) }

    /// A probe whose C is the best on validation rows, fitted to all rows.
    ///
    /// ```swift
    /// let (probe, choice) = LinearProbe.choosingStrength(features: training, labels: labels, classes: 10)
    /// print(choice.strength, choice.trials.map { $0.accuracy })
    /// ```
    /// Fits go from the smallest C, the strongest penalty, to the largest, each from where the last ended. The C of the
    /// highest accuracy is taken, of equal ones the smallest. Where all rows are needed to fit to (one sample of each
    /// class, say) there is none to validate on: then the C nearest to 1 is taken.
    /// - Parameters:
    ///   - features: `[N, D]`.
    ///   - labels: N class numbers in `0 ..< classes`.
    ///   - strengths: values of C to try, at least one, all above 0.
    ///   - validation: the rows to validate on.
    ///   - key: of the choice of validation rows.
    ///   - classWeights, sampleWeights, tolerance, iterations: as of a probe; accuracies are not weighted.
    public static func choosingStrength(
        features: Tensor, labels: [Int], classes: Int, strengths: [Double] = defaultStrengths,
        validation: ProbeValidation = .automatic, key: RandomKey = RandomKey(seed: 0),
        classWeights: ClassWeights = .uniform, sampleWeights: [Double]? = nil, tolerance: Double = 1e-6,
        iterations: Int = 1000
    ) -> (probe: LinearProbe, choice: StrengthChoice) {
        ShapeCheck.require(
            features.rank == 2 && features.shape[0] == labels.count && !labels.isEmpty, "LinearProbe",
            "features \(features.shape) with \(labels.count) labels")
        ShapeCheck.require(
            !strengths.isEmpty && strengths.allSatisfy { $0 > 0 }, "LinearProbe",
            "strengths \(strengths) must be positive")
        func fit(_ rows: [Int]?) -> LogisticFit {
            let labels = rows.map { $0.map { labels[$0] } } ?? labels
            let samples = rows.flatMap { rows in sampleWeights.map { weights in rows.map { weights[$0] } } }
            return LogisticFit(
                features: rows.map { features.rows($0) } ?? features, labels: labels, classes: classes,
                weights: classWeights.weights(
                    labels: labels, classes: classes, samples: rows == nil ? sampleWeights : samples))
        }

        let splits = validation.splits(labels: labels, key: key.derived("probe validation"))
        let count = splits.map(\.validation.count).reduce(0, +), tried = Set(strengths).sorted()
        var correct = [Int](repeating: 0, count: tried.count)
        for rows in splits {
            let training = fit(rows.training), held = features.rows(rows.validation)
            for (place, strength) in tried.enumerated() {
                let probe = training.probe(strength: strength, tolerance: tolerance, iterations: iterations)
                correct[place] += zip(probe.classify(held), rows.validation).filter { $0 == labels[$1] }.count
            }
        }
        let trials =
            splits.isEmpty
            ? [] : zip(tried, correct).map { StrengthChoice.Trial(strength: $0, accuracy: Double($1) / Double(count)) }
        var strength = strengths.min { (abs(log($0)), $0) < (abs(log($1)), $1) } ?? 1, best = -1.0
        for trial in trials where trial.accuracy > best { (strength, best) = (trial.strength, trial.accuracy) }
        let choice = StrengthChoice(strength: strength, trials: trials, validationCount: count)
        return (fit(nil).probe(strength: strength, tolerance: tolerance, iterations: iterations), choice)
    }
}
