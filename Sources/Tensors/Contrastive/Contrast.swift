/// How two sets of embeddings are held against each other: the settings of `Tensor.contrast`.
package struct ContrastOptions: Sendable {
    package enum Similarity: Sendable { case cosine, dotProduct, euclidean }

    package var similarity = Similarity.cosine
    /// Columns against rows too, and the mean of both losses.
    package var isSymmetric = true
    /// Element (i, i) counts for nothing.
    package var excludesSelf = false
    /// Positives stand in no denominator.
    package var isDecoupled = false
    /// beta of the weights e^(beta s) of negatives; 0: all weigh the same.
    package var hardness: Float = 0
    /// Share of the target spread evenly over all elements of a row.
    package var smoothing: Float = 0

    package init() {}
}

extension Tensor {
    /// The InfoNCE loss of the rows of `a` against the rows of `b`, exact, without their matrix of logits.
    ///
    /// Logits `s = e^logScale similarity` exist a few rows at a time; the backward pass computes them again from two
    /// numbers a row. Memory: that of `a` and `b` normalised, and the rows' tile of at most `ContrastKernel.tileBytes`.
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
                "InfoNCE", "\(a.shape) against \(b.shape), labels \(rowLabels.shape) and \(columnLabels.shape)")
        }
        let sides = ContrastSides(a.detached, b.detached, options.similarity)
        let kernel = ContrastKernel(sides, logScale: logScale.item, rowLabels, columnLabels, options)
        let (loss, slopes) = kernel.forward()
        return Tensor(loss).viewed(as: []).recorded(from: a, b, logScale) { upstream, needs in
            let (da, db, dscale) = kernel.backward(slopes, upstream: upstream.item, needs: (needs[0], needs[1]))
            return [da, db, needs[2] ? Tensor(dscale) : nil]
        }
    }
}
