public import ConcordTensors

/// Rows of a labeled set, drawn so that classes keep their proportions (stratified): what a few labels are.
///
/// ```swift
/// let few = LabelSubset(labels: labels, fraction: 0.01, key: RandomKey(seed: 0).derived("draw", 0))
/// let probe = LinearProbe(features: training.gathered(at: few.indices), labels: few.labels, classes: 10)
/// ```
/// A function of labels and key alone. With the same key a larger subset contains a smaller one's rows of each class
/// that has no fewer in it.
public struct LabelSubset: Sendable, Equatable, Codable {
    /// The drawn rows, ascending.
    public let rows: [Int]
    /// The other rows, ascending.
    public let others: [Int]
    /// Their class numbers, in the order of `rows`.
    public let labels: [Int]
    /// Classes with fewer samples than requested, ascending: all that they have are drawn.
    public let shortClasses: [Int]
    /// Classes with samples of which none is drawn, ascending: fewer samples are wanted than there are classes.
    public let absentClasses: [Int]

    enum CodingKeys: String, CodingKey {
        case rows, others, labels
        case shortClasses = "short_classes"
        case absentClasses = "absent_classes"
    }

    /// The drawn rows as int32, for `Tensor.gathered`.
    public var indices: Tensor { Tensor(rows.map(Int32.init), shape: [rows.count]) }

    /// A fraction of the rows.
    ///
    /// Of N rows `fraction N` are drawn, rounded, and at least one. A class of n rows gets `fraction n` of them,
    /// rounded down, and those left over go one each to the largest remainders, of equal ones to the first class. Where there
    /// are as many as classes, each class gets at least one, at the expense of those that are the most above their
    /// fraction.
    /// - Parameters:
    ///   - labels: class numbers, none negative.
    ///   - fraction: above 0, at most 1.
    public init(labels: [Int], fraction: Double, key: RandomKey) {
        ShapeCheck.require(
            fraction > 0 && fraction <= 1, "LabelSubset", "the fraction \(fraction) is not above 0 and at most 1")
        self.init(labels: labels, total: max(1, Int((fraction * Double(labels.count)).rounded())), key: key)
    }

    /// So many rows in all, divided among the classes in the same way.
    init(labels: [Int], total: Int, key: RandomKey) {
        let byClass = Self.rows(labels)
        let quotas = Self.quotas(byClass.map(\.count), total: min(labels.count, total))
        self.init(labels: labels, byClass: byClass, quotas: quotas, shortClasses: [], key: key)
    }

    /// So many rows of each class; of a class with fewer all, which is then one of `shortClasses`.
    /// - Parameters:
    ///   - labels: class numbers, none negative.
    ///   - perClass: at least 1.
    public init(labels: [Int], perClass: Int, key: RandomKey) {
        ShapeCheck.require(perClass > 0, "LabelSubset", "\(perClass) rows of each class")
        let byClass = Self.rows(labels)
        self.init(
            labels: labels, byClass: byClass, quotas: byClass.map { min($0.count, perClass) },
            shortClasses: byClass.indices.filter { (1..<perClass).contains(byClass[$0].count) }, key: key)
    }

    /// An amount of either kind.
    public init(labels: [Int], amount: LabelAmount, key: RandomKey) {
        switch amount {
        case .fraction(let fraction): self.init(labels: labels, fraction: fraction, key: key)
        case .perClass(let count): self.init(labels: labels, perClass: count, key: key)
        }
    }

    private init(labels: [Int], byClass: [[Int]], quotas: [Int], shortClasses: [Int], key: RandomKey) {
        var rows: [Int] = []
        for (label, candidates) in byClass.enumerated() where quotas[label] > 0 {
            var random = key.derived("class", label).sequence, shuffled = candidates
            for i in 0..<quotas[label] {
                shuffled.swapAt(i, i + random.integer(below: shuffled.count - i))
            }
            rows += shuffled[..<quotas[label]]
        }
        rows.sort()
        self.rows = rows
        let drawn = Set(rows)
        others = labels.indices.filter { !drawn.contains($0) }
        self.labels = rows.map { labels[$0] }
        self.shortClasses = shortClasses
        absentClasses = byClass.indices.filter { !byClass[$0].isEmpty && quotas[$0] == 0 }
    }

    private static func rows(_ labels: [Int]) -> [[Int]] {
        ShapeCheck.require(labels.allSatisfy { $0 >= 0 }, "LabelSubset", "label \(labels.min() ?? 0) is negative")
        var rows = [[Int]](repeating: [], count: (labels.max() ?? -1) + 1)
        for (row, label) in labels.enumerated() { rows[label].append(row) }
        return rows
    }

    /// How many of each class's rows make `total`.
    static func quotas(_ counts: [Int], total: Int) -> [Int] {
        let all = counts.reduce(0, +), present = counts.filter { $0 > 0 }.count
        guard all > 0 else { return counts }
        // In integers: total * count / all, exactly.
        let least = total >= present ? 1 : 0
        var quotas = counts.map { min($0, max($0 > 0 ? least : 0, total * $0 / all)) }
        /// How much a class is below its fraction, times `all`.
        func lack(_ label: Int) -> Int { total * counts[label] - quotas[label] * all }
        var left = total - quotas.reduce(0, +)
        while left > 0 {
            let open = counts.indices.filter { quotas[$0] < counts[$0] }
            guard let label = open.max(by: { (lack($0), -$0) < (lack($1), -$1) }) else { break }
            quotas[label] += 1
            left -= 1
        }
        while left < 0 {
            let open = counts.indices.filter { quotas[$0] > least }
            guard let label = open.min(by: { (lack($0), $0) < (lack($1), $1) }) else { break }
            quotas[label] -= 1
            left += 1
        }
        return quotas
    }
}

/// How many labels.
public enum LabelAmount: Sendable, Hashable, Codable {
    /// A fraction of them, above 0 and at most 1.
    case fraction(Double)
    /// So many of each class, at least 1.
    case perClass(Int)
}
