/// How two sets of embeddings are contrasted: the settings of `Tensor.contrast`.
package struct ContrastOptions: Sendable {
    package enum Similarity: Sendable { case cosine, dotProduct, euclidean }

    package var similarity = Similarity.cosine
    /// Columns against rows too, and the mean of both losses.
    package var isSymmetric = true
    /// Element (i, i) is excluded.
    package var excludesSelf = false
    /// Positives are in no denominator.
    package var isDecoupled = false
    /// beta of the weights e^(beta s) of negatives; 0: all weigh the same.
    package var hardness: Float = 0
    /// tau+, the probability that a negative is of the row's class, in `0 ..< 1`: what such negatives add to the
    /// denominator is subtracted. Of cosines alone, whose least logit bounds the rest from below.
    package var classPrior: Float = 0
    /// `[N]`, float32, constant: factors of the positives' logits in the loss of each row and, where it is symmetric,
    /// of each column.
    package var positiveWeights: Tensor?
    /// Fraction of the target spread evenly over all elements of a row.
    package var smoothing: Float = 0
    /// `[M]`, float32, constant: subtracted from the logits of each column.
    package var columnShift: Tensor?
    /// `[N]` and `[M]`, int32: elements of equal groups that are no positives are excluded. Without smoothing,
    /// hardness and class prior alone.
    package var groups: (rows: Tensor, columns: Tensor)?

    package init() {}
}

extension Tensor {
    /// The InfoNCE loss of the rows of `a` against the rows of `b`, exact, without their matrix of logits.
    ///
    /// Logits `s = e^logScale similarity` exist a few rows at a time. The forward pass keeps as many for the backward
    /// pass as ``LogitMemory`` allows; this computes the others again from two numbers a row. Memory besides: that of
    /// `a` and `b` normalized, and the rows' tile of at most `ContrastKernel.tileBytes`.
    ///
    /// Under a communicator all ranks call it with the same values and divide the rows: see `ContrastRanks`.
    ///
    /// - Parameters:
    ///   - a: `[N, D]`; `b`: `[M, D]`.
    ///   - logScale: a scalar.
    ///   - rowLabels, columnLabels: `[N]` and `[M]`, int32: equal ones are positives.
    /// - Returns: a scalar: the mean over rows that have a positive (and, if decoupled, a negative); 0 if none has.
    package static func contrast(
        _ a: Tensor, _ b: Tensor, logScale: Tensor, rowLabels: Tensor, columnLabels: Tensor, options: ContrastOptions
    ) -> Tensor {
        guard a.rank == 2, b.rank == 2, a.shape[1] == b.shape[1], rowLabels.shape == [a.shape[0]],
            columnLabels.shape == [b.shape[0]]
        else {
            ShapeCheck.fail(
                "contrast", "\(a.shape) against \(b.shape), labels \(rowLabels.shape) and \(columnLabels.shape)")
        }
        ShapeCheck.require(
            options.groups == nil || options.smoothing == 0 && options.hardness == 0 && options.classPrior == 0,
            "contrast", "groups are excluded without smoothing, hardness and class prior alone: \(options)")
        ShapeCheck.require(
            options.classPrior == 0 || options.similarity == .cosine && options.columnShift == nil, "contrast",
            "a class prior is of cosines alone")
        ShapeCheck.require(
            options.positiveWeights.map {
                $0.shape == [a.shape[0]] && (!options.isSymmetric || a.shape[0] == b.shape[0])
            } ?? true, "contrast", "\(options.positiveWeights?.shape ?? []) weights of \(a.shape) against \(b.shape)")
        let sides = ContrastSides(a.detached, b.detached, options.similarity)
        let kernel = ContrastKernel(sides, logScale: logScale.item, rowLabels, columnLabels, options)
        let n = a.shape[0], ranks = Self.contrastRanks(rows: n)
        let rows = ranks?.rows(of: n).count ?? n, rowProducts = b.shape[0] * a.shape[1], products = rows * rowProducts
        MultiplyAdds.count(.matmul, products)
        let kept = a.isRecorded || b.isRecorded || logScale.isRecorded ? KeptLogits() : nil
        let (loss, coefficients) = kernel.forward(among: ranks, keeping: kept)
        return Tensor(loss).viewed(as: []).recorded(from: a, b, logScale) { upstream, needs in
            MultiplyAdds.count(
                .matmul,
                (rows - (kept?.rows ?? 0)) * rowProducts + ((needs[0] ? 1 : 0) + (needs[1] ? 1 : 0)) * products)
            let (da, db, dscale) = kernel.backward(
                coefficients, upstream: upstream.item, needs: (needs[0], needs[1]), among: ranks,
                taking: kept)
            return [da, db, needs[2] ? Tensor(dscale) : nil]
        }
    }
}

// MARK: Candidates from a bank

/// Which rows of a bank each query is compared with: its positive, and the negatives of its group.
package struct Candidates: Sendable {
    /// `[Q]`, int32: the bank's row that is each query's positive.
    package let positives: Tensor
    /// `[G, M]`, int32: the bank's rows that are negatives of each group's queries.
    package let negatives: Tensor
    /// How many queries each group has, one group after the other; they add up to Q.
    package let groups: [Int]

    package init(positives: Tensor, negatives: Tensor, groups: [Int]) {
        ShapeCheck.require(
            positives.rank == 1 && negatives.rank == 2 && groups.count == negatives.shape[0]
                && groups.reduce(0, +) == positives.count && groups.allSatisfy { $0 >= 0 },
            "contrast",
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
    ///     loss = mean over i of  log(e^s(i, p_i) + sum over j of e^s(i, n_j)) - s(i, p_i)
    ///     s = e^logScale similarity
    ///
    /// The bank's rows are normalized once, however often they are candidates; logits exist a tile at a time.
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
                "contrast", "queries \(queries.shape) in bank \(bank.shape), positives \(candidates.positives.shape)")
        }
        ShapeCheck.indices(candidates.positives, below: bank.shape[0], in: "contrast")
        ShapeCheck.indices(candidates.negatives, below: bank.shape[0], in: "contrast")
        let kernel = CandidateKernel(queries.detached, bank.detached, candidates, logScale: logScale.item, options)
        let products = queries.count * (candidates.negatives.shape[1] + 1)
        MultiplyAdds.count(.matmul, products)
        let forward = kernel.forward()
        let loss = Tensor(forward.loss).recorded(from: queries, bank, logScale) { upstream, needs in
            MultiplyAdds.count(.matmul, (1 + (needs[0] ? 1 : 0) + (needs[1] ? 1 : 0)) * products)
            let (dq, db, dscale) = kernel.backward(
                forward.sum, upstream: upstream.item, needs: (needs[0], needs[1]))
            return [dq, db, needs[2] ? Tensor(dscale) : nil]
        }
        return (loss, forward.losses, forward.hits)
    }
}
