import ConcordTensors

/// How well clusters agree with classes; the numbers of either are names only.
///
/// ```swift
/// if let agreement = ClusteringAgreement(truth: [0, 0, 1, 1], clusters: [7, 7, 3, 7]) {
///     print(agreement.normalizedMutualInformation, agreement.accuracy)                // …, 0.75
/// }
/// ```
///
/// Values equal scikit-learn's.
public struct ClusteringAgreement: Sendable, Codable, Equatable {
    /// Mutual information divided by the mean of both entropies (NMI), in `0...1`.
    public let normalizedMutualInformation: Double
    /// The same, less what random clusters of these sizes have (AMI): 0 at chance, 1 at most; slightly negative at
    /// times. Vinh, Epps, Bailey 2010.
    public let adjustedMutualInformation: Double
    /// The adjusted Rand index (ARI) of pairs: 0 at chance, 1 at most, -0.5 at least. Hubert, Arabie 1985.
    public let adjustedRandIndex: Double
    /// Whether clusters have one class each, classes are in one cluster each, and the harmonic mean of both; in
    /// `0...1`. Rosenberg, Hirschberg 2007.
    public let homogeneity, completeness, vMeasure: Double
    /// Fraction of the samples that are of the most frequent class of their cluster; 1 where each has its own cluster.
    public let purity: Double
    /// Fraction of the samples that are of their cluster's class under the best one-to-one assignment of clusters to
    /// classes; samples of a cluster without a class are wrong.
    public let accuracy: Double
    /// Numbers of samples, and of classes and clusters that have some.
    public let samples, classes, clusters: Int

    enum CodingKeys: String, CodingKey {
        case homogeneity, completeness, purity, accuracy, samples, classes, clusters
        case normalizedMutualInformation = "nmi"
        case adjustedMutualInformation = "ami"
        case adjustedRandIndex = "ari"
        case vMeasure = "v_measure"
    }

    /// - Parameters:
    ///   - truth: a class number for each sample.
    ///   - clusters: a cluster number for each.
    /// - Returns: nil without samples.
    /// - Precondition: as many of each.
    public init?(truth: [Int], clusters: [Int]) {
        ShapeCheck.require(
            truth.count == clusters.count, "ClusteringAgreement",
            "\(clusters.count) cluster numbers for \(truth.count) samples")
        guard !truth.isEmpty else { return nil }
        let table = ContingencyTable(truth: truth, clusters: clusters)
        samples = truth.count
        (self.classes, self.clusters) = (table.classes.count, table.clusters.count)
        let own = table.entropy(table.classes), other = table.entropy(table.clusters)
        let information = table.mutualInformation, mean = (own + other) / 2
        let isOne = table.classes.count == 1 && table.clusters.count == 1
        normalizedMutualInformation = isOne ? 1 : information == 0 ? 0 : information / mean
        adjustedMutualInformation =
            isOne ? 1 : own == 0 || other == 0 ? 0 : Self.adjusted(information, mean, table.expectedMutualInformation)
        homogeneity = own > 0 ? information / own : 1
        completeness = other > 0 ? information / other : 1
        let sum = homogeneity + completeness
        vMeasure = sum > 0 ? 2 * homogeneity * completeness / sum : 0
        adjustedRandIndex = Self.randIndex(table)
        let most = table.clusters.indices.reduce(0) { sum, cluster in
            sum + (table.counts.map { $0[cluster] }.max() ?? 0)
        }
        purity = Double(most) / Double(truth.count)
        let assigned = LinearAssignment.maximum(table.counts.map { $0.map(Double.init) })
        let correct = zip(table.counts, assigned).reduce(0) { sum, row in sum + (row.1.map { row.0[$0] } ?? 0) }
        accuracy = Double(correct) / Double(truth.count)
    }

    /// 0 / 0 is 1: both differences are at least one rounding, as in scikit-learn.
    private static func adjusted(_ information: Double, _ mean: Double, _ expected: Double) -> Double {
        func away(_ x: Double) -> Double { x < 0 ? min(x, -.ulpOfOne) : max(x, .ulpOfOne) }
        return away(information - expected) / away(mean - expected)
    }

    private static func randIndex(_ table: ContingencyTable) -> Double {
        func squares(_ counts: [Int]) -> Double { counts.reduce(0) { $0 + Double($1) * Double($1) } }
        let n = Double(table.total), both = table.counts.reduce(0) { $0 + squares($1) }
        // Ordered pairs that are together in both, in the clusters only, in the classes only, in neither.
        let together = both - n
        let clustersOnly = squares(table.clusters) - both, classesOnly = squares(table.classes) - both
        let neither = n * n - clustersOnly - classesOnly - both
        if clustersOnly == 0, classesOnly == 0 { return 1 }
        let (a, b) = (together + classesOnly, classesOnly + neither)
        let (c, d) = (together + clustersOnly, clustersOnly + neither)
        return 2 * (together * neither - classesOnly * clustersOnly) / (a * b + c * d)
    }
}
