import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The loops of `Tensor.contrast(queries:…)`: runs of queries of one group against the group's negatives.
///
/// The cuts between runs depend on the sizes alone.
struct CandidateKernel {
    /// Queries of one group.
    private struct Run {
        let group: Int
        let rows: Range<Int>
    }

    private let sides: ContrastSides
    private let candidates: Candidates
    private let options: ContrastOptions
    private let scale: Float
    private let q: Int, m: Int, width: Int
    /// The negatives' rows of the bank, `[G, M, D]`.
    private let negatives: Tensor
    /// In bfloat16, where logits are computed in that: the queries times `factor`, and the negatives.
    private let bfloat16: (rows: Tensor, negatives: Tensor)?
    /// `scale |x|^2` of queries, bank and negatives under the Euclidean similarity.
    private let shifts: (queries: Tensor, bank: Tensor, negatives: Tensor)?
    private let runs: [Run]
    /// No two are equal: a negative is never a positive by its label.
    private let rowLabels: Tensor, columnLabels: Tensor

    private static var longestRun: Int { 256 }

    init(_ queries: Tensor, _ bank: Tensor, _ candidates: Candidates, logScale: Float, _ options: ContrastOptions) {
        sides = ContrastSides(queries, bank, options.similarity)
        (self.candidates, self.options, scale) = (candidates, options, exp(logScale))
        (q, m, width) = (queries.shape[0], candidates.negatives.shape[1], queries.shape[1])
        negatives = sides.columns.gathered(at: candidates.negatives)
        bfloat16 = sides.bfloat16(factor: sides.isEuclidean ? 2 * scale : scale).map {
            ($0.rows, $0.columns.gathered(at: candidates.negatives))
        }
        if sides.isEuclidean {
            let bank = ContrastSides.squaredNorms(sides.columns, factor: scale)
            shifts = (
                ContrastSides.squaredNorms(sides.rows, factor: scale), bank, bank.gathered(at: candidates.negatives)
            )
        } else {
            shifts = nil
        }
        rowLabels = Tensor([Int32](repeating: 0, count: Self.longestRun), shape: [Self.longestRun])
        columnLabels = Tensor([Int32](repeating: 1, count: m), shape: [m])
        var runs: [Run] = [], first = 0
        for (group, count) in candidates.groups.enumerated() {
            for start in stride(from: first, to: first + count, by: Self.longestRun) {
                runs.append(Run(group: group, rows: start..<min(first + count, start + Self.longestRun)))
            }
            first += count
        }
        self.runs = runs
    }

    /// Of a product: twice as much where -|a - b|^2 is multiplied out.
    private var factor: Float { sides.isEuclidean ? 2 * scale : scale }
    /// Runs worth a thread of their own.
    private var grain: Int { max(1, 100_000 / max(1, min(q, Self.longestRun) * m * max(1, width))) }

    private func block(_ run: Run) -> concord_contrast {
        concord_contrast(
            rows: run.rows.count, columns: m, stride: m, first_row: 0, first_column: 0,
            row_labels: rowLabels.int32Pointer,
            column_labels: columnLabels.int32Pointer, excludes_self: 0, hardness: options.hardness, bound: .infinity)
    }

    /// The logits of a run's negatives.
    private func logits(_ run: Run, into s: UnsafeMutablePointer<Float>) {
        let first = run.rows.lowerBound * width, group = run.group * m * width
        if let bfloat16 {
            let a = bfloat16.rows.bfloat16Pointer + first, b = bfloat16.negatives.bfloat16Pointer + group
            BFloat16GEMM.serial(run.rows.count, m, width, 1, a, width, false, b, width, true, 0, s, m)
        } else {
            let a = sides.rows.float32Pointer + first, b = negatives.float32Pointer + group
            GEMM.serial(run.rows.count, m, width, factor, a, width, false, b, width, true, 0, s, m)
        }
        guard let shifts else { return }
        concord_contrast_shift(
            s, shifts.queries.float32Pointer + run.rows.lowerBound, shifts.negatives.float32Pointer + run.group * m,
            block(run))
    }

    /// The logits of all positives, `[Q]`.
    private func positiveLogits() -> Tensor {
        let own = Tensor(uninitialized: [q])
        let o = own.float32Pointer, a = sides.rows.float32Pointer, b = sides.columns.float32Pointer,
            index = candidates.positives.int32Pointer
        Parallel.run(q, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_indexed_dots(o + i, a + i * width, b, index + i, factor, range.count, width)
            guard let shifts else { return }
            let rows = shifts.queries.float32Pointer, columns = shifts.bank.float32Pointer
            for i in range { o[i] -= rows[i] + columns[Int(index[i])] }
        }
        return own
    }

    /// - Returns: the loss, and the gradient coefficients for an upstream gradient of 1.
    func forward() -> (loss: Float, losses: Tensor, hits: Tensor, sum: ContrastSummary.Sum) {
        let planes = Int(concord_contrast_planes)
        let statistics = Tensor(uninitialized: [planes, q]), own = positiveLogits(),
            hits = Tensor(uninitialized: [q], .uint8)
        let p = statistics.float32Pointer, o = own.float32Pointer, h = hits.uint8Pointer
        let positive = candidates.positives.int32Pointer, negative = candidates.negatives.int32Pointer
        Parallel.run(runs.count, grain: grain) { range in
            let scratch = Tensor(uninitialized: [min(q, Self.longestRun), m])
            let s = scratch.float32Pointer
            for run in runs[range] {
                let i = run.rows.lowerBound
                logits(run, into: s)
                concord_contrast_statistics(s, p + i, q, nil, 0, s, options.smoothing > 0 ? 1 : 0, block(run))
                concord_candidate_hits(h + i, s, m, o + i, positive + i, negative + run.group * m, run.rows.count, m)
            }
        }
        for i in 0..<q {  // the positive, which is in no block
            (p[i], p[q + i], p[5 * q + i]) = (o[i], 1, o[i])
            p[6 * q + i] += o[i]
        }
        let losses = Tensor(uninitialized: [q])
        let sum = ContrastSummary(options, rows: q, negatives: m).summed(
            statistics, weight: 1, scale: scale, losses: losses.float32Pointer)
        return (Float(sum.loss), losses, hits, sum)
    }

    /// - Returns: the gradients of queries and bank as given, those needed, and of the log of the scale.
    func backward(
        _ summary: ContrastSummary.Sum, upstream: Float, needs: (queries: Bool, bank: Bool)
    ) -> (Tensor?, Tensor?, Float) {
        let gradients = Tensor(uninitialized: [q, m]), own = positiveLogits(), sums = Tensor(zeros: [q])
        let dots = Tensor(zeros: [runs.count * 2])
        let dot = UnsafeMutableRawPointer(dots.float32Pointer).assumingMemoryBound(to: Double.self)
        let g = gradients.float32Pointer, coefficient = summary.coefficients.float32Pointer, sum = sums.float32Pointer,
            isEuclidean = sides.isEuclidean
        Parallel.run(runs.count, grain: grain) { range in
            for index in range {
                let run = runs[index], i = run.rows.lowerBound
                logits(run, into: g + i * m)
                dot[index] = concord_contrast_pullback(
                    g + i * m, coefficient + i, q, nil, 0, isEuclidean ? sum + i : nil, nil, block(run))
            }
        }
        var total = (0..<runs.count).reduce(summary.scaleGradient) { $0 + dot[$1] }
        let o = own.float32Pointer
        for i in 0..<q {  // own: from the positive's logit to its gradient
            let part = coefficient[7 * q + i] * exp(min(88, o[i] - coefficient[i]))  // above z its weight is 0
            let d = part - coefficient[2 * q + i] - coefficient[3 * q + i]
            total += Double(d * o[i])
            o[i] = d
            sum[i] += d
        }
        let factor = factor * upstream
        let dq = needs.queries ? queryGradient(gradients, own, sums, factor) : nil
        let db = needs.bank ? bankGradient(gradients, own, factor) : nil
        return (dq, db, upstream * Float(total))
    }

    private func queryGradient(_ gradients: Tensor, _ own: Tensor, _ sums: Tensor, _ factor: Float) -> Tensor {
        let rounded = bfloat16 == nil ? nil : gradients.asBFloat16
        let dq = Tensor(uninitialized: [q, width]), shares = own * factor
        let to = dq.float32Pointer, g = gradients.float32Pointer, n = negatives.float32Pointer,
            b = sides.columns.float32Pointer, a = sides.rows.float32Pointer
        let index = candidates.positives.int32Pointer, share = shares.float32Pointer, sum = sums.float32Pointer
        Parallel.run(runs.count, grain: grain) { range in
            for run in runs[range] {
                let i = run.rows.lowerBound, count = run.rows.count
                if let bfloat16, let rounded {
                    let n = bfloat16.negatives.bfloat16Pointer + run.group * m * width
                    BFloat16GEMM.serial(
                        count, width, m, factor, rounded.bfloat16Pointer + i * m, m, false, n, width, false, 0,
                        to + i * width,
                        width)
                } else {
                    GEMM.serial(
                        count, width, m, factor, g + i * m, m, false, n + run.group * m * width, width, false, 0,
                        to + i * width, width)
                }
                concord_add_indexed(to + i * width, share + i, b, index + i, count, width)
                if sides.isEuclidean {
                    concord_subtract_scaled_rows(to + i * width, a + i * width, sum + i, factor, count, width)
                }
            }
        }
        sides.pullBack(dq, ofRows: true)
        return dq
    }

    private func bankGradient(_ gradients: Tensor, _ own: Tensor, _ factor: Float) -> Tensor {
        let ofNegatives = Tensor(uninitialized: negatives.shape), rounded = bfloat16 == nil ? nil : gradients.asBFloat16
        let to = ofNegatives.float32Pointer, g = gradients.float32Pointer, a = sides.rows.float32Pointer
        var first = 0
        for (group, count) in candidates.groups.enumerated() {
            let at = to + group * m * width
            if count == 0 { at.update(repeating: 0, count: m * width) }
            if let bfloat16, let rounded {
                BFloat16GEMM.serial(
                    m, width, count, factor / self.factor, rounded.bfloat16Pointer + first * m, m, true,
                    bfloat16.rows.bfloat16Pointer + first * width, width,
                    false, 0, at, width)
            } else {
                GEMM.multiply(
                    m: m, n: width, k: count, alpha: factor, g + first * m, lda: m, transposeA: true, a + first * width,
                    ldb: width, at,
                    ldc: width)
            }
            first += count
        }
        let db = ofNegatives.scattered(at: candidates.negatives, size: sides.columns.shape[0]), shares = own * factor
        let bank = db.float32Pointer, share = shares.float32Pointer, index = candidates.positives.int32Pointer
        Parallel.run(width, grain: max(1, 16384 / max(1, q))) { range in
            concord_add_to_indexed(bank + range.lowerBound, share, a + range.lowerBound, index, q, range.count, width)
        }
        if sides.isEuclidean { subtractShrinkage(from: db, gradients, own, factor) }
        sides.pullBack(db, ofRows: false)
        return db
    }

    /// The part of the bank's gradient that its own lengths have in -|a - b|^2.
    private func subtractShrinkage(from db: Tensor, _ gradients: Tensor, _ own: Tensor, _ factor: Float) {
        let sums = Tensor(zeros: [db.shape[0]])
        let sum = sums.float32Pointer, g = gradients.float32Pointer, o = own.float32Pointer
        let positive = candidates.positives.int32Pointer, negative = candidates.negatives.int32Pointer
        for run in runs {
            for i in run.rows {
                sum[Int(positive[i])] += o[i]
                for j in 0..<m { sum[Int(negative[run.group * m + j])] += g[i * m + j] }
            }
        }
        concord_subtract_scaled_rows(
            db.float32Pointer, sides.columns.float32Pointer, sums.float32Pointer, factor, db.shape[0], width)
    }
}
