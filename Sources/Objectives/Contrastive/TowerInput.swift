import ConcordLayers
import ConcordTensors

/// A tower's inputs in one batch, of the samples that have one, ready to be encoded.
struct TowerInput {
    /// Which of the batch's samples these are, ascending; nil: all.
    let rows: [Int]?
    /// Number N of samples in the batch; nil: as many as there are inputs.
    let count: Int?
    /// Number n of inputs; nil where their type does not say.
    let size: Int?
    /// `[n, C]` of the inputs in a range, of all where nil.
    let features: (Range<Int>?) -> Tensor

    init<E: FeatureEncoder>(_ encoder: E, _ input: E.Input, rows: [Int]? = nil, count: Int? = nil) {
        (self.rows, self.count) = (rows, count)
        let sliceable = input as? any RowSliceable
        size = sliceable?.rowCount
        features = { range in
            guard let range, let part = sliceable?.rows(in: range) as? E.Input else { return encoder(input) }
            return encoder(part)
        }
    }

    /// - Parameter values: `[n, D]`, of all inputs.
    func embeddings(_ values: Tensor) -> TowerEmbeddings {
        let found = values.shape[0], expected = rows?.count ?? count ?? found
        ShapeCheck.require(
            found == expected, "Contrastive", "\(found) embeddings of \(expected) samples that have an input")
        return TowerEmbeddings(values: values, rows: rows, count: count ?? found)
    }
}
