public import ConcordTensors

/// Some of the labeled rows, drawn class by class: what few-label evaluations train on.
///
/// ```swift
/// let few = LabelSubset(.fraction(0.01), of: labels, key: RandomKey(seed: 0))
/// let ten = LabelSubset(.perClass(10), of: labels, key: RandomKey(seed: 1))      // another draw
/// ```
/// The draw of a class depends on the key, the class's number and its rows alone. Equal keys give equal rows.
public struct LabelSubset: Sendable, Equatable {
    /// How many rows are drawn.
    public enum Size: Sendable, Equatable {
        /// A fraction of each class, in `0 ... 1`.
        ///
        /// Of N rows `max(1, round(f N))` are shared out: every class gets the whole part of `f N_k`, and what is left
        /// goes to the largest remainders, the first of equal ones. Where there are at least as many rows as classes,
        /// each class has one or more: with many rare classes that makes a few rows more than asked.
        case fraction(Double)
        /// So many rows of each class; all rows of a class that has no more.
        case perClass(Int)
    }

    /// Places in the labels, ascending.
    public let rows: [Int]
    /// Classes that have fewer rows than were asked for, of `perClass`.
    public let short: [Int]

    /// - Parameters:
    ///   - size: how many are drawn.
    ///   - labels: class numbers of 0 or more; rows of negative ones have no label, and are never drawn.
    ///   - key: of the draw.
    public init(_ size: Size, of labels: [Int], key: RandomKey) {
        let byClass = Dictionary(grouping: labels.indices.filter { labels[$0] >= 0 }) { labels[$0] }
        let classes = byClass.keys.sorted(), counts = classes.map { byClass[$0, default: []].count }
        let wanted: [Int]
        switch size {
        case .fraction(let fraction):
            ShapeCheck.require((0...1).contains(fraction), "LabelSubset", "fraction \(fraction) is not in 0 ... 1")
            wanted = Self.shares(of: counts, fraction)
            short = []
        case .perClass(let count):
            ShapeCheck.require(count > 0, "LabelSubset", "\(count) rows a class; 1 or more wanted")
            wanted = counts.map { min($0, count) }
            short = classes.indices.filter { counts[$0] < count }.map { classes[$0] }
        }
        rows = zip(classes, wanted).flatMap { label, count -> ArraySlice<Int> in
            var random = key.derived("class \(label)").sequence
            return byClass[label, default: []].shuffled(using: &random).prefix(count)
        }.sorted()
    }

    private static func shares(of counts: [Int], _ fraction: Double) -> [Int] {
        let total = max(1, Int((fraction * Double(counts.reduce(0, +))).rounded()))
        let exact = counts.map { fraction * Double($0) }
        var shares = exact.map { Int($0) }
        if total >= counts.count { shares = shares.map { max(1, $0) } }
        let left = max(0, total - shares.reduce(0, +))
        let order = counts.indices.sorted { a, b in
            let (x, y) = (exact[a] - Double(shares[a]), exact[b] - Double(shares[b]))
            return x != y ? x > y : a < b
        }
        for place in order.filter({ shares[$0] < counts[$0] }).prefix(left) { shares[place] += 1 }
        return shares
    }
}
