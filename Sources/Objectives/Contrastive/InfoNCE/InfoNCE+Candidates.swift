import ConcordLayers
public import ConcordTensors

extension InfoNCE {
    /// The loss of queries among candidates from a bank: each query's positive, and negatives drawn for it.
    ///
    ///     loss = mean over i of  log(e^s(i, p_i) + sum over j of e^s(i, n_j)) - s(i, p_i)
    ///
    /// ```swift
    /// let loss = InfoNCE(temperature: .fixed(0.1))
    /// loss(predictions, in: frames, positives: next, negatives: drawn)      // [Q, D], [B, D], [Q], [M] -> []
    /// ```
    ///
    /// All candidates are rows of the bank, whatever the direction. A positive that is drawn as a negative too remains
    /// a positive.
    ///
    /// - Parameters:
    ///   - queries: `[Q, D]`.
    ///   - bank: `[B, D]`.
    ///   - positives: int32 `[Q]`: the row of the bank that is each query's positive.
    ///   - negatives: int32, rows of the bank: `[M]` for all queries, or `[G, M]` for each group of queries.
    ///   - groups: how many queries each group has, one group after the other; nil: one, or one query each.
    /// - Returns: a scalar; `ln(M + 1)` at chance, 0 without a query.
    public func callAsFunction(
        _ queries: Tensor, in bank: Tensor, positives: Tensor, negatives: Tensor, groups: [Int]? = nil
    ) -> Tensor {
        let negatives = negatives.rank == 1 ? negatives.expandingAxis(at: 0) : negatives
        let groups =
            groups ?? (negatives.shape[0] == 1 ? [positives.count] : [Int](repeating: 1, count: negatives.shape[0]))
        return find(queries, in: bank, Candidates(positives: positives, negatives: negatives, groups: groups)).loss
    }

    /// The loss, each query's own loss `[Q]`, and whether its positive had the largest logit, uint8 `[Q]`.
    func find(
        _ queries: Tensor, in bank: Tensor, _ candidates: Candidates
    ) -> (loss: Tensor, losses: Tensor, hits: Tensor) {
        ShapeCheck.require(!excludesSelf, "InfoNCE", "excludesSelf has no meaning among candidates of a bank")
        ShapeCheck.require(
            positiveWeightSigma == nil, "InfoNCE", "positiveWeightSigma is of pairs, not of candidates of a bank")
        ShapeCheck.require(candidates.negatives.shape[1] > 0, "InfoNCE", "no negatives")
        if queries.shape[0] == 0 { return (Tensor(0), Tensor(zeros: [0]), Tensor([UInt8](), shape: [0])) }
        return Tensor.contrast(queries: queries, bank: bank, candidates, logScale: logScale, options: options)
    }
}
