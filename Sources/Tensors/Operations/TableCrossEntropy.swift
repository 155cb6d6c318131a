import CKernels

extension Tensor {
    /// The mean cross-entropy of labels under scores against the rows of a table: the last step of a language model.
    ///
    ///     loss = mean over rows of  logsumexp(x tableᵀ + bias) - (x tableᵀ + bias)[label]
    ///
    /// The logits exist a tile of rows at a time, and become their own gradients in the forward pass: the backward pass only scales what
    /// is there. Three products in all, and no `[M, V]` in memory.
    ///
    /// - Parameters:
    ///   - table: `[V, C]`; `self` is `[M, C]`.
    ///   - bias: `[V]`.
    ///   - labels: `[M]`, int32, in `0 ..< V`.
    /// - Returns: a scalar, `ln V` at chance, and the number of rows whose label has the largest score (the first of equal ones counts).
    package func crossEntropy(over table: Tensor, bias: Tensor, labels: Tensor) -> (loss: Tensor, correct: Int) {
        guard rank == 2, table.rank == 2, shape[1] == table.shape[1], bias.shape == [table.shape[0]], labels.shape == [shape[0]] else {
            ShapeCheck.fail("crossEntropy(over:)", "\(shape) over \(table.shape), bias \(bias.shape), labels \(labels.shape)")
        }
        ShapeCheck.require(shape[0] > 0, "crossEntropy(over:)", "no rows")
        ShapeCheck.indices(labels, below: table.shape[0], in: "crossEntropy(over:)")
        let pass = TableCrossEntropy(self, table, bias, labels, needs: [self, table, bias].map(\.isRecorded))
        let slopes = pass.slopes
        return (
            pass.loss.recorded(from: self, table, bias) { upstream, needs in
                zip(slopes, needs).map { slope, isNeeded in isNeeded ? slope.map { $0 * upstream.item } : nil }
            }, pass.correct
        )
    }
}

/// The one pass of `crossEntropy(over:)`.
private struct TableCrossEntropy {
    let loss: Tensor
    let correct: Int
    /// Of x, table and bias, for a cotangent of 1; nil where not needed.
    let slopes: [Tensor?]

    /// Of logits at a time.
    private static var tileBytes: Int { 16 << 20 }

    init(_ x: Tensor, _ table: Tensor, _ bias: Tensor, _ labels: Tensor, needs: [Bool]) {
        let (rows, width, size) = (x.shape[0], x.shape[1], table.shape[0])
        let losses = Tensor(uninitialized: [rows]), hits = Tensor(uninitialized: [rows], .uint8)
        let dx = needs[0] ? Tensor(uninitialized: x.shape) : nil
        let dtable = needs[1] ? Tensor(uninitialized: table.shape) : nil
        var dbias: Tensor?
        let tile = max(1, min(rows, max(64, Self.tileBytes / 4 / max(1, size))))
        let (a, t, b) = (x.floats, table.floats, bias.floats)
        let (l, h, label) = (losses.floats, hits.octets, labels.integers)
        let factor = 1 / Float(max(1, rows)), hasSlopes = needs.contains(true)
        for first in stride(from: 0, to: rows, by: tile) {
            let count = min(tile, rows - first), at = a + first * width
            let scores = Tensor(uninitialized: [count, size])
            let s = scores.floats
            Parallel.run(count, grain: Rows.grain(size)) { concord_fill_rows(s + $0.lowerBound * size, b, $0.count, size) }
            Product.multiply(m: count, n: size, k: width, at, lda: width, t, ldb: width, transposeB: true, beta: 1, s, ldc: size)
            Parallel.run(count, grain: Rows.grain(size)) { range in
                let i = range.lowerBound, row = first + i
                if hasSlopes {
                    concord_label_entropy_slopes(l + row, h + row, s + i * size, label + row, factor, range.count, size)
                } else {
                    concord_label_entropy(l + row, h + row, s + i * size, label + row, range.count, size)
                }
            }
            if let dx {
                Product.multiply(m: count, n: width, k: size, s, lda: size, t, ldb: width, dx.floats + first * width, ldc: width)
            }
            if let dtable {
                Product.multiply(
                    m: size, n: width, k: count, s, lda: size, transposeA: true, at, ldb: width, beta: first == 0 ? 0 : 1, dtable.floats,
                    ldc: width)
            }
            if needs[2] {
                let sum = Rows.sum(scores)
                if let dbias { Elementwise.accumulate(sum, into: dbias) } else { dbias = sum }
            }
        }
        loss = Tensor(Float(concord_sum(l, rows)) * factor)
        correct = (0..<rows).reduce(0) { $0 + Int(h[$1]) }
        slopes = [dx, dtable, dbias]
    }
}
