/// Which rows of a bank each query is held against: its positive, and the negatives of its group.
package struct Candidates: Sendable {
    /// `[Q]`, int32: the bank's row that each query has to find.
    package let positives: Tensor
    /// `[G, M]`, int32: the bank's rows that the queries of each group have to tell it from.
    package let negatives: Tensor
    /// How many queries each group has, one group after the other; they add up to Q.
    package let groups: [Int]

    package init(positives: Tensor, negatives: Tensor, groups: [Int]) {
        ShapeCheck.require(
            positives.rank == 1 && negatives.rank == 2 && groups.count == negatives.shape[0]
                && groups.reduce(0, +) == positives.count && groups.allSatisfy { $0 >= 0 },
            "InfoNCE",
            """
                positives \(positives.shape), negatives \(negatives.shape), groups of \(groups.prefix(8)): [Q] and [G, \
                M] wanted
                """
        )
        (self.positives, self.negatives, self.groups) = (positives, negatives, groups)
    }
}

extension Tensor {
    /// The InfoNCE loss of queries that have to find their positives among candidates drawn from a bank.
    ///
    ///     loss = mean over i of  log(e^s(i, p_i) + sum over j of e^s(i, n_j)) - s(i, p_i),     s = e^logScale similarity
    ///
    /// The bank's rows are normalised once, however often they are candidates; logits exist a tile at a time.
    ///
    /// - Parameters:
    ///   - queries: `[Q, D]`.
    ///   - bank: `[B, D]`.
    ///   - logScale: a scalar.
    /// - Returns: the mean, a scalar; each query's own loss `[Q]`, a constant; and which queries found their positive:
    ///   none of its negatives has as large a logit (the positive itself, drawn as a negative, is passed over), `[Q]`,
    ///   uint8.
    /// - Precondition: at least one query; both sides of candidates differ (`isSymmetric` and `excludesSelf` are not
    ///   used).
    package static func contrast(
        queries: Tensor, bank: Tensor, _ candidates: Candidates, logScale: Tensor, options: ContrastOptions
    ) -> (loss: Tensor, losses: Tensor, hits: Tensor) {
        guard queries.rank == 2, bank.rank == 2, queries.shape[1] == bank.shape[1],
            queries.shape[0] == candidates.positives.count,
            queries.shape[0] > 0
        else {
            ShapeCheck.fail(
                "InfoNCE", "queries \(queries.shape) in bank \(bank.shape), positives \(candidates.positives.shape)")
        }
        ShapeCheck.indices(candidates.positives, below: bank.shape[0], in: "InfoNCE")
        ShapeCheck.indices(candidates.negatives, below: bank.shape[0], in: "InfoNCE")
        let kernel = CandidateKernel(queries.detached, bank.detached, candidates, logScale: logScale.item, options)
        let forward = kernel.forward()
        let loss = Tensor(forward.loss).recorded(from: queries, bank, logScale) { upstream, needs in
            let (dq, db, dscale) = kernel.backward(forward.slopes, upstream: upstream.item, needs: (needs[0], needs[1]))
            return [dq, db, needs[2] ? Tensor(dscale) : nil]
        }
        return (loss, forward.losses, forward.hits)
    }
}
