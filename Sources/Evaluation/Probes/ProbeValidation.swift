package import ConcordTensors

/// Which rows a probe's penalty is chosen on; it is fitted to the others, and at last to all.
public enum ProbeValidation: Sendable, Equatable {
    /// Five folds of fewer than 2000 rows, of which a fifth would be too few to tell penalties apart; of more, a fifth.
    case automatic
    /// A fraction of the rows, above 0 and below 1: of each class its fraction, as ``LabelSubset`` draws, but each
    /// keeps a row to fit to.
    case fraction(Double)
    /// Cross-validation: so many parts, at least 2, with classes in proportion, each of which is validated on by a probe
    /// of the others. A class of one row is always fitted to.
    case folds(Int)
    /// These rows.
    case rows([Int])

    /// The rows to fit to and those to validate on, all ascending, for each probe; without those where either has none.
    /// - Parameter labels: class numbers; of numbers, zeros.
    package func splits(labels: [Int], key: RandomKey) -> [(training: [Int], validation: [Int])] {
        let parts: [[Int]]
        switch self {
        case .automatic:
            return (labels.count < 2000 ? Self.folds(5) : .fraction(0.2)).splits(labels: labels, key: key)
        case .fraction(let fraction):
            ShapeCheck.require(
                fraction > 0 && fraction < 1, "ProbeValidation", "the fraction \(fraction) is not between 0 and 1")
            let rest = Int(((1 - fraction) * Double(labels.count)).rounded())
            parts = [LabelSubset(labels: labels, total: max(rest, Set(labels).count), key: key).others]
        case .folds(let count):
            ShapeCheck.require(count > 1, "ProbeValidation", "\(count) folds")
            parts = Self.folds(labels, count, key)
        case .rows(let rows):
            ShapeCheck.require(
                rows.allSatisfy(labels.indices.contains), "ProbeValidation",
                "rows \(rows.min() ?? 0) to \(rows.max() ?? 0) of \(labels.count)")
            parts = [Set(rows).sorted()]
        }
        return parts.compactMap { validation in
            let held = Set(validation), training = labels.indices.filter { !held.contains($0) }
            return training.isEmpty || validation.isEmpty ? nil : (training, validation)
        }
    }

    /// The rows of each class in random order, dealt to the folds in turn.
    private static func folds(_ labels: [Int], _ count: Int, _ key: RandomKey) -> [[Int]] {
        var folds = [[Int]](repeating: [], count: count), next = 0
        let byClass = Dictionary(grouping: labels.indices) { labels[$0] }
        for (label, rows) in byClass.sorted(by: { $0.key < $1.key }) where rows.count > 1 {
            var random = key.derived("fold of class", label).sequence, shuffled = rows
            for i in shuffled.indices {
                shuffled.swapAt(i, i + random.integer(below: shuffled.count - i))
                folds[next % count].append(shuffled[i])
                next += 1
            }
        }
        return folds.map { $0.sorted() }
    }
}

extension Tensor {
    /// Some rows of `[N, D]`.
    func rows(_ places: [Int]) -> Tensor { gathered(at: Tensor(places.map(Int32.init), shape: [places.count])) }
}
