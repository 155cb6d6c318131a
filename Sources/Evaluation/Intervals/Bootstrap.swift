public import ConcordTensors

/// Percentile intervals of any metric of N samples, by drawing N of them with replacement, B times.
///
/// ```swift
/// let bootstrap = Bootstrap(resamples: 1000, key: RandomKey(seed: 1))
/// let interval = bootstrap.interval(of: truth.count) { samples in
///     ConfusionMatrix(
///         predicted: samples.map { predicted[$0] }, truth: samples.map { truth[$0] }, classes: 3
///     ).balancedAccuracy
/// }
/// ```
///
/// The draws are a function of the key: equal keys give equal intervals.
///
/// - Source: Efron 1979, "Bootstrap methods: another look at the jackknife"; percentiles by linear interpolation, as
///   numpy's `percentile`.
public struct Bootstrap: Sendable {
    /// B.
    public let resamples: Int
    /// The probability of the interval, between 0 and 1.
    public let confidence: Double
    /// The key of the draws.
    public let key: RandomKey
    private let strata: [Int]?

    /// - Parameters:
    ///   - resamples: B, at least 1.
    ///   - confidence: 0.95 leaves out a fortieth at each end.
    ///   - key: of the draws.
    ///   - strata: a number of each of the N samples; a sample is replaced by one of equal number only, so that the
    ///     sizes of classes stay. Nil: by any.
    public init(resamples: Int = 1000, confidence: Double = 0.95, key: RandomKey, strata: [Int]? = nil) {
        ShapeCheck.require(
            resamples > 0 && confidence > 0 && confidence < 1, "Bootstrap",
            "\(resamples) resamples with a confidence of \(confidence)")
        self.resamples = resamples
        self.confidence = confidence
        self.key = key
        self.strata = strata
    }

    /// The samples of a resample: `count` numbers in `0 ..< count`.
    /// - Parameters:
    ///   - resample: in `0 ..< resamples`.
    ///   - count: N.
    /// - Precondition: as many strata as samples, where there are any.
    public func samples(_ resample: Int, of count: Int) -> [Int] {
        draw(resample, Self.groups(strata, count))
    }

    /// The interval of a metric.
    /// - Parameters:
    ///   - count: N, the number of samples.
    ///   - metric: of samples, by their numbers in `0 ..< N`, some of them several times; nil or not-a-number where
    ///     they do not define it.
    /// - Returns: nil where all samples together do not define the metric.
    /// - Precondition: as many strata as samples, where there are any.
    public func interval(of count: Int, _ metric: ([Int]) throws -> Double?) rethrows -> BootstrapInterval? {
        guard let estimate = try metric(Array(0..<count)), !estimate.isNaN else { return nil }
        let groups = Self.groups(strata, count)
        var values: [Double] = []
        for resample in 0..<resamples {
            if let value = try metric(draw(resample, groups)), !value.isNaN { values.append(value) }
        }
        values.sort()
        let tail = (1 - confidence) / 2
        return BootstrapInterval(
            estimate: estimate, lower: Self.quantile(tail, of: values) ?? estimate,
            upper: Self.quantile(1 - tail, of: values) ?? estimate, confidence: confidence, resamples: resamples,
            undefined: resamples - values.count)
    }

    /// For each sample those that may replace it.
    private static func groups(_ strata: [Int]?, _ count: Int) -> (of: [Int], members: [[Int]]) {
        guard let strata else { return ([Int](repeating: 0, count: count), [Array(0..<count)]) }
        ShapeCheck.require(strata.count == count, "Bootstrap", "\(strata.count) strata for \(count) samples")
        var numbers: [Int: Int] = [:], members: [[Int]] = [], of: [Int] = []
        for (sample, stratum) in strata.enumerated() {
            let number = numbers[stratum] ?? members.count
            if number == members.count {
                numbers[stratum] = number
                members.append([])
            }
            members[number].append(sample)
            of.append(number)
        }
        return (of, members)
    }

    private func draw(_ resample: Int, _ groups: (of: [Int], members: [[Int]])) -> [Int] {
        var sequence = key.derived("bootstrap", resample).sequence
        return groups.of.map { group in
            let members = groups.members[group]
            // floor(u * n) of a uniform u of 64 bits
            return members[Int(sequence.next().multipliedFullWidth(by: UInt64(members.count)).high)]
        }
    }

    /// By linear interpolation between the nearest of sorted values; nil of none.
    static func quantile(_ fraction: Double, of sorted: [Double]) -> Double? {
        guard let last = sorted.last else { return nil }
        let place = fraction * Double(sorted.count - 1), below = Int(place)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}

/// A metric with its percentile interval.
public struct BootstrapInterval: Sendable, Codable, Equatable {
    /// The metric of the samples themselves.
    public let estimate: Double
    /// The interval's ends.
    public let lower, upper: Double
    /// The probability that it was made for.
    public let confidence: Double
    /// Number of resamples drawn, and of those that did not define the metric and are excluded.
    public let resamples, undefined: Int
}
