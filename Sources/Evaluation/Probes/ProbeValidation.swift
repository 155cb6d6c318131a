import ConcordTensors

/// Which rows a probe's penalty is chosen on; it is fitted to the others, and at last to all.
public enum ProbeValidation: Sendable, Equatable {
    /// A fraction of the rows, above 0 and below 1: of each class its fraction, as ``LabelSubset`` draws, but each
    /// keeps a row to fit to.
    case fraction(Double)
    /// These rows.
    case rows([Int])

    /// The rows to fit to and those to validate on, both ascending.
    /// - Parameter labels: class numbers; of numbers, zeros.
    func split(labels: [Int], key: RandomKey) -> (training: [Int], validation: [Int]) {
        switch self {
        case .fraction(let fraction):
            ShapeCheck.require(
                fraction > 0 && fraction < 1, "ProbeValidation", "the fraction \(fraction) is not between 0 and 1")
            let rest = Int(((1 - fraction) * Double(labels.count)).rounded())
            let training = LabelSubset(labels: labels, total: max(rest, Set(labels).count), key: key)
            return (training.rows, training.others)
        case .rows(let rows):
            ShapeCheck.require(
                rows.allSatisfy(labels.indices.contains), "ProbeValidation",
                "rows \(rows.min() ?? 0) to \(rows.max() ?? 0) of \(labels.count)")
            let validation = Set(rows)
            return (labels.indices.filter { !validation.contains($0) }, validation.sorted())
        }
    }
}

extension Tensor {
    /// Some rows of `[N, D]`.
    func rows(_ places: [Int]) -> Tensor { gathered(at: Tensor(places.map(Int32.init), shape: [places.count])) }
}
