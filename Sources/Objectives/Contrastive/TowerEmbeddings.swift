import ConcordTensors

/// The embeddings of those samples of a batch that have a tower's input.
struct TowerEmbeddings {
    /// `[n, D]`.
    let values: Tensor
    /// Which samples of the batch these are, ascending; nil: all.
    let rows: [Int]?
    /// Number N of samples in the batch.
    let count: Int

    /// - Parameter count: nil: as many as there are embeddings.
    init(_ values: Tensor, rows: [Int]?, count: Int?) {
        let found = values.shape[0], expected = rows?.count ?? count ?? found
        ShapeCheck.require(
            found == expected, "Contrastive", "\(found) embeddings of \(expected) samples that have an input")
        (self.values, self.rows, self.count) = (values, rows, count ?? found)
    }

    /// The embeddings of the samples that both have, and these samples' rows (nil: the whole batch); nil where no
    /// sample has both.
    func common(with other: TowerEmbeddings) -> (Tensor, Tensor, rows: [Int]?)? {
        ShapeCheck.require(
            count == other.count, "Contrastive", "towers with \(count) and \(other.count) samples in one batch")
        guard let rows = Self.intersection(self.rows, other.rows) else { return (values, other.values, nil) }
        return rows.isEmpty ? nil : (taking(rows), other.taking(rows), rows)
    }

    private func taking(_ wanted: [Int]) -> Tensor {
        if rows == wanted { return values }
        guard let rows else { return values.gathered(at: Self.indices(wanted)) }
        var next = 0
        let found = wanted.map { row in
            while rows[next] != row { next += 1 }
            return next
        }
        return values.gathered(at: Self.indices(found))
    }

    /// int32 `[n]`.
    static func indices(_ rows: [Int]) -> Tensor { Tensor(rows.map(Int32.init), shape: [rows.count]) }

    private static func intersection(_ a: [Int]?, _ b: [Int]?) -> [Int]? {
        guard let a else { return b }
        guard let b else { return a }
        let others = Set(b)
        return a.filter(others.contains)
    }
}
