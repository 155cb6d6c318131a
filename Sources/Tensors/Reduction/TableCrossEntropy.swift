extension Tensor {
    /// The mean cross-entropy of labels under scores against the rows of a table: the last step of a language model.
    ///
    ///     loss = mean over rows of  logsumexp(x tableᵀ + bias) - (x tableᵀ + bias)[label]
    ///
    /// The logits exist a tile of rows at a time, and become their own gradients in the forward pass: the backward pass
    /// only scales what is there. Three products in all, and no `[M, V]` in memory.
    ///
    /// - Parameters:
    ///   - table: `[V, C]`; `self` is `[M, C]`.
    ///   - bias: `[V]`.
    ///   - labels: `[M]`, int32, in `0 ..< V`.
    /// - Returns: a scalar, `ln V` at chance, and the number of rows whose label has the largest score (the first of
    ///   equal ones counts).
    package func crossEntropy(over table: Tensor, bias: Tensor, labels: Tensor) -> (loss: Tensor, correct: Int) {
        guard rank == 2, table.rank == 2, shape[1] == table.shape[1], bias.shape == [table.shape[0]],
            labels.shape == [shape[0]]
        else {
            ShapeCheck.fail(
                "crossEntropy(over:)", "\(shape) over \(table.shape), bias \(bias.shape), labels \(labels.shape)")
        }
        ShapeCheck.require(shape[0] > 0, "crossEntropy(over:)", "no rows")
        ShapeCheck.indices(labels, below: table.shape[0], in: "crossEntropy(over:)")
        let pass = TableCrossEntropy(self, table, bias, labels, needs: [self, table, bias].map(\.isRecorded))
        let gradients = WaitingGradients(pass.gradients)
        return (
            pass.loss.recorded(from: self, table, bias) { upstream, needs in
                gradients.take(times: upstream.item, needs)
            }, pass.correct
        )
    }
}

/// Gradients for an upstream gradient of 1, until a pullback takes them with its own.
private final class WaitingGradients {
    private var gradients: [Tensor?]

    init(_ gradients: [Tensor?]) { self.gradients = gradients }

    /// Times `factor`, in their own memory.
    func take(times factor: Float, _ needs: [Bool]) -> [Tensor?] {
        let taken = zip(gradients, needs).map { gradient, isNeeded in isNeeded ? gradient : nil }
        gradients = []
        for gradient in taken.compactMap(\.self) where factor != 1 {
            let pointer = gradient.float32Pointer
            Parallel.run(gradient.count, grain: Elementwise.grain) {
                Kernels.scale(pointer + $0.lowerBound, by: factor, count: $0.count)
            }
        }
        return taken
    }
}

/// The one pass of `crossEntropy(over:)`.
private struct TableCrossEntropy {
    let loss: Tensor
    let correct: Int
    /// Of x, table and bias, for a cotangent of 1; nil where not needed.
    let gradients: [Tensor?]

    /// Of logits at a time: in float32 enough for products at full speed, which over bfloat16 go over several tiles.
    private static func tileBytes(isBFloat16: Bool) -> Int { isBFloat16 ? 16 << 20 : 28 << 20 }

    init(_ x: Tensor, _ table: Tensor, _ bias: Tensor, _ labels: Tensor, needs: [Bool]) {
        let (rows, size) = (x.shape[0], table.shape[0])
        MultiplyAdds.count(.matmul, (1 + (needs[0] ? 1 : 0) + (needs[1] ? 1 : 0)) * x.count * size)
        let losses = Tensor(uninitialized: [rows]), hits = Tensor(uninitialized: [rows], .uint8)
        let dx = needs[0] ? Tensor(uninitialized: x.shape) : nil
        let dtable = needs[1] ? Tensor(uninitialized: table.shape) : nil
        var dbias: Tensor?
        let fitting = max(64, Self.tileBytes(isBFloat16: Precision.isBFloat16(for: x)) / 4 / max(1, size))
        let parts = (rows + fitting - 1) / fitting, part = (rows + parts - 1) / parts  // all but equally long
        let factors = Factors(x, table, tile: part), (b, label) = (bias.float32Pointer, labels.int32Pointer)
        let (l, h) = (losses.float32Pointer, hits.uint8Pointer)
        let factor = 1 / Float(max(1, rows)), needsGradients = needs.contains(true)
        for first in stride(from: 0, to: rows, by: factors.tile) {
            let tile = first..<min(rows, first + factors.tile)
            let kept =
                factors.isBFloat16 && needsGradients ? Tensor(uninitialized: [tile.count, size], .bfloat16) : nil
            for start in stride(from: tile.lowerBound, to: tile.upperBound, by: part) {
                let count = min(part, tile.upperBound - start), scores = Tensor(uninitialized: [count, size]),
                    s = scores.float32Pointer
                Parallel.run(count, grain: Rows.grain(size)) {
                    Kernels.fillRows(s + $0.lowerBound * size, with: b, rows: $0.count, width: size)
                }
                factors.addScores(start..<start + count, to: s)
                let to = kept.map { $0.bfloat16Pointer + (start - first) * size }
                Parallel.run(count, grain: Rows.grain(size)) { range in
                    let i = range.lowerBound, row = start + i
                    if needsGradients {
                        Kernels.labelCrossEntropyGradient(
                            l + row, correct: h + row, logits: s + i * size, labels: label + row, factor: factor,
                            rows: range.count, width: size)
                        if let to {
                            Kernels.bfloat16(to + i * size, from: s + i * size, count: range.count * size)
                        }
                    } else {
                        Kernels.labelCrossEntropy(
                            l + row, correct: h + row, logits: s + i * size, labels: label + row, rows: range.count,
                            width: size)
                    }
                }
                if !factors.isBFloat16 { factors.pull(scores, start..<start + count, dx: dx, dtable: dtable) }
                if needs[2] {
                    let sum = Rows.sum(scores)
                    if let dbias { Kernels.accumulate(sum, into: dbias) } else { dbias = sum }
                }
            }
            if let kept { factors.pull(kept, tile, dx: dx, dtable: dtable) }
        }
        loss = Tensor(Float(Kernels.sum(l, count: rows)) * factor)
        correct = (0..<rows).reduce(0) { $0 + Int(h[$1]) }
        gradients = [dx, dtable, dbias]
    }
}

/// The two factors of the logits, float32 or both rounded to bfloat16.
private struct Factors {
    private let x: Tensor, table: Tensor
    private let width: Int, size: Int
    /// Rows whose logits' gradients are held at a time.
    let tile: Int
    var isBFloat16: Bool { x.elementType == .bfloat16 }

    /// Of gradients in bfloat16: the table's is written once for all of them, which costs more than the products.
    private static let tileBytes = 96 << 20

    /// - Parameter tile: in float32.
    init(_ x: Tensor, _ table: Tensor, tile: Int) {
        let isBFloat16 = Precision.isBFloat16(for: x)
        (self.x, self.table) = (isBFloat16 ? x.detached.asBFloat16 : x, isBFloat16 ? table.detached.asBFloat16 : table)
        (width, size) = (x.shape[1], table.shape[0])
        self.tile = isBFloat16 ? max(tile, Self.tileBytes / 2 / max(1, table.shape[0])) : tile
    }

    /// Adds the logits of some rows to `s`.
    func addScores(_ rows: Range<Int>, to s: UnsafeMutablePointer<Float>) {
        let first = rows.lowerBound * width
        if isBFloat16 {
            BFloat16GEMM.serial(
                rows.count, size, width, 1, x.bfloat16Pointer + first, width, false, table.bfloat16Pointer, width, true,
                1, s, size)
        } else {
            GEMM.multiply(
                m: rows.count, n: size, k: width, x.float32Pointer + first, lda: width, table.float32Pointer,
                ldb: width,
                transposeB: true, beta: 1, s,
                ldc: size)
        }
    }

    /// What the logits' gradients of some rows make of those of both factors, where wanted.
    func pull(_ gradients: Tensor, _ rows: Range<Int>, dx: Tensor?, dtable: Tensor?) {
        let first = rows.lowerBound * width, beta: Float = rows.lowerBound == 0 ? 0 : 1
        if isBFloat16 {
            let s = gradients.bfloat16Pointer
            if let dx {
                BFloat16GEMM.serial(
                    rows.count, width, size, 1, s, size, false, table.bfloat16Pointer, width, false, 0,
                    dx.float32Pointer + first, width
                )
            }
            if let dtable {
                BFloat16GEMM.serial(
                    size, width, rows.count, 1, s, size, true, x.bfloat16Pointer + first, width, false, beta,
                    dtable.float32Pointer,
                    width)
            }
        } else {
            let s = gradients.float32Pointer
            if let dx {
                GEMM.multiply(
                    m: rows.count, n: width, k: size, s, lda: size, table.float32Pointer, ldb: width,
                    dx.float32Pointer + first,
                    ldc: width)
            }
            guard let dtable else { return }
            if beta == 0 {
                GEMM.multiply(
                    m: size, n: width, k: rows.count, s, transposeA: true, x.float32Pointer + first,
                    into: dtable.float32Pointer)
            } else {
                GEMM.multiply(
                    m: size, n: width, k: rows.count, s, lda: size, transposeA: true, x.float32Pointer + first,
                    ldb: width,
                    beta: beta,
                    dtable.float32Pointer, ldc: width)
            }
        }
    }
}
