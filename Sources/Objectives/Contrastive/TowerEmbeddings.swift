import ConcordTensors

/// The embeddings of those samples of a batch that have a tower's input.
struct TowerEmbeddings {
    /// `[n, D]`.
    let values: Tensor
    /// Which samples of the batch these are, ascending; nil: all.
    let rows: [Int]?
    /// Number N of samples in the batch.
    let count: Int

    /// The embeddings of the samples that both have, and the samples; rows nil: all of the batch. Nil where they share
    /// none.
    func common(with other: TowerEmbeddings) -> (Tensor, Tensor, rows: [Int]?)? {
        ShapeCheck.require(
            count == other.count, "Contrastive", "towers with \(count) and \(other.count) samples in one batch")
        guard let rows = Self.intersection(self.rows, other.rows) else { return (values, other.values, nil) }
        return rows.isEmpty ? nil : (taking(rows), other.taking(rows), rows)
    }

    private func taking(_ wanted: [Int]) -> Tensor {
        if rows == wanted { return values }
        guard let rows else { return values.gathered(at: Self.places(wanted)) }
        var next = 0
        let found = wanted.map { row in
            while rows[next] != row { next += 1 }
            return next
        }
        return values.gathered(at: Self.places(found))
    }

    static func places(_ rows: [Int]) -> Tensor { Tensor(rows.map(Int32.init), shape: [rows.count]) }

    private static func intersection(_ a: [Int]?, _ b: [Int]?) -> [Int]? {
        guard let a else { return b }
        guard let b else { return a }
        let others = Set(b)
        return a.filter(others.contains)
    }
}
