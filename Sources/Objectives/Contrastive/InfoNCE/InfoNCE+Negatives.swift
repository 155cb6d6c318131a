import ConcordLayers
public import ConcordTensors

extension InfoNCE {
    /// The loss of pairs with further negatives that a table names: wrong answers that look right.
    ///
    ///     loss = mean over i of  log(sum over j of e^(s(a_i, b_j)) + sum over k of e^(s(a_i, n_k))) - s(a_i, b_i)
    ///
    /// Every row's negatives are candidates of all rows of `a`. Where the direction is symmetric, the mean with the
    /// loss of `b` against `a`, which has none.
    ///
    /// - Parameters:
    ///   - a, b: `[N, D]`; row i of one is a positive of row i of the other.
    ///   - negatives: `[K, D]`, positives of none.
    ///   - labels: int32 `[N]`, at least 0: rows of equal labels are positives of each other.
    /// - Returns: a scalar; `ln(N + K)` at chance one way.
    /// - Source: Henderson et al. 2017, arXiv:1705.00652; hard negatives as sentence-transformers'
    ///   MultipleNegativesRankingLoss and supervised SimCSE (arXiv:2104.08821, eq. 5) have them.
    public func callAsFunction(_ a: Tensor, _ b: Tensor, negatives: Tensor, labels: Tensor? = nil) -> Tensor {
        ShapeCheck.require(
            a.shape == b.shape && a.rank == 2 && negatives.rank == 2 && negatives.shape[1] == a.shape[1], "InfoNCE",
            "\(a.shape) against \(b.shape) and negatives \(negatives.shape): [N, D], [N, D] and [K, D] wanted")
        ShapeCheck.require(!excludesSelf, "InfoNCE", "excludesSelf has no meaning for pairs with negatives")
        let count = a.shape[0], own = labels ?? Tensor((0..<Int32(count)).map { $0 }, shape: [count])
        let none = Tensor([Int32](repeating: -1, count: negatives.shape[0]), shape: [negatives.shape[0]])
        var options = options
        (options.isSymmetric, options.positiveWeights) = (false, positiveWeights(a, b))
        let forward = Tensor.contrast(
            a, .concatenated([b, negatives], axis: 0), logScale: logScale, rowLabels: own,
            columnLabels: .concatenated([own, none], axis: 0), options: options)
        guard direction == .symmetric else { return forward }
        let backward = Tensor.contrast(
            b, a, logScale: logScale, rowLabels: own, columnLabels: own, options: options)
        return (forward + backward) * 0.5
    }
}
