import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The loops of `Tensor.contrast(queries:…)`: runs of queries of one group against the group's negatives.
///
/// Where runs are cut depends on the sizes alone.
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
    /// In bfloat16, where products are taken of that: the queries times `factor`, and the negatives.
    private let narrow: (rows: Tensor, negatives: Tensor)?
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
        narrow = sides.narrow(factor: sides.isEuclidean ? 2 * scale : scale).map {
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
            rows: run.rows.count, columns: m, stride: m, first_row: 0, first_column: 0, row_labels: rowLabels.integers,
            column_labels: columnLabels.integers, excludes_self: 0, hardness: options.hardness, bound: .infinity)
    }

    /// The logits of a run's negatives.
    private func logits(_ run: Run, into s: UnsafeMutablePointer<Float>) {
        let first = run.rows.lowerBound * width, group = run.group * m * width
        if let narrow {
            let a = narrow.rows.narrows + first, b = narrow.negatives.narrows + group
            NarrowProduct.serial(run.rows.count, m, width, 1, a, width, false, b, width, true, 0, s, m)
        } else {
            let a = sides.rows.floats + first, b = negatives.floats + group
            Product.serial(run.rows.count, m, width, factor, a, width, false, b, width, true, 0, s, m)
        }
        guard let shifts else { return }
        concord_contrast_shift(
            s, shifts.queries.floats + run.rows.lowerBound, shifts.negatives.floats + run.group * m, block(run))
    }

    /// The logits of all positives, `[Q]`.
    private func positiveLogits() -> Tensor {
        let own = Tensor(uninitialized: [q])
        let o = own.floats, a = sides.rows.floats, b = sides.columns.floats, index = candidates.positives.integers
        Parallel.run(q, grain: Rows.grain(width)) { range in
            let i = range.lowerBound
            concord_indexed_dots(o + i, a + i * width, b, index + i, factor, range.count, width)
            guard let shifts else { return }
            let rows = shifts.queries.floats, columns = shifts.bank.floats
            for i in range { o[i] -= rows[i] + columns[Int(index[i])] }
        }
        return own
    }

    /// - Returns: the loss, and the slopes for a cotangent of 1.
    func forward() -> (loss: Float, losses: Tensor, hits: Tensor, slopes: Tensor) {
        let planes = Int(concord_contrast_planes)
        let statistics = Tensor(uninitialized: [planes, q]), own = positiveLogits(),
            hits = Tensor(uninitialized: [q], .uint8)
        let p = statistics.floats, o = own.floats, h = hits.octets
        let positive = candidates.positives.integers, negative = candidates.negatives.integers
        Parallel.run(runs.count, grain: grain) { range in
            let scratch = Tensor(uninitialized: [min(q, Self.longestRun), m])
            let s = scratch.floats
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
        let (loss, slopes) = ContrastSummary(options, rows: q, negatives: m).summed(
            statistics, share: 1, losses: losses.floats)
        return (Float(loss), losses, hits, slopes)
    }

    /// - Returns: the gradients of queries and bank as given, those asked for, and of the log of the scale.
    func backward(_ slopes: Tensor, upstream: Float, needs: (queries: Bool, bank: Bool)) -> (Tensor?, Tensor?, Float) {
        let gradients = Tensor(uninitialized: [q, m]), own = positiveLogits(), sums = Tensor(zeros: [q])
        let dots = Tensor(zeros: [runs.count * 2])
        let dot = UnsafeMutableRawPointer(dots.floats).assumingMemoryBound(to: Double.self)
        let g = gradients.floats, slope = slopes.floats, sum = sums.floats, isEuclidean = sides.isEuclidean
        Parallel.run(runs.count, grain: grain) { range in
            for index in range {
                let run = runs[index], i = run.rows.lowerBound
                logits(run, into: g + i * m)
                dot[index] = concord_contrast_pullback(
                    g + i * m, slope + i, q, nil, 0, options.isDecoupled ? 1 : 0, isEuclidean ? sum + i : nil, nil,
                    block(run))
            }
        }
        var total = (0..<runs.count).reduce(0) { $0 + dot[$1] }
        let o = own.floats
        for i in 0..<q {  // own: from the positive's logit to its gradient
            let share = options.isDecoupled ? 0 : slope[q + i] * exp(o[i] - slope[i])
            let d = share - slope[2 * q + i] - slope[3 * q + i]
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
        let rounded = narrow == nil ? nil : gradients.narrowed
        let dq = Tensor(uninitialized: [q, width]), shares = own * factor
        let to = dq.floats, g = gradients.floats, n = negatives.floats, b = sides.columns.floats, a = sides.rows.floats
        let index = candidates.positives.integers, share = shares.floats, sum = sums.floats
        Parallel.run(runs.count, grain: grain) { range in
            for run in runs[range] {
                let i = run.rows.lowerBound, count = run.rows.count
                if let narrow, let rounded {
                    let n = narrow.negatives.narrows + run.group * m * width
                    NarrowProduct.serial(
                        count, width, m, factor, rounded.narrows + i * m, m, false, n, width, false, 0, to + i * width,
                        width)
                } else {
                    Product.serial(
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
        let ofNegatives = Tensor(uninitialized: negatives.shape), rounded = narrow == nil ? nil : gradients.narrowed
        let to = ofNegatives.floats, g = gradients.floats, a = sides.rows.floats
        var first = 0
        for (group, count) in candidates.groups.enumerated() {
            let at = to + group * m * width
            if count == 0 { at.update(repeating: 0, count: m * width) }
            if let narrow, let rounded {
                NarrowProduct.serial(
                    m, width, count, factor / self.factor, rounded.narrows + first * m, m, true,
                    narrow.rows.narrows + first * width, width,
                    false, 0, at, width)
            } else {
                Product.multiply(
                    m: m, n: width, k: count, alpha: factor, g + first * m, lda: m, transposeA: true, a + first * width,
                    ldb: width, at,
                    ldc: width)
            }
            first += count
        }
        let db = ofNegatives.scattered(at: candidates.negatives, size: sides.columns.shape[0]), shares = own * factor
        let bank = db.floats, share = shares.floats, index = candidates.positives.integers
        Parallel.run(width, grain: max(1, 16384 / max(1, q))) { range in
            concord_add_to_indexed(bank + range.lowerBound, share, a + range.lowerBound, index, q, range.count, width)
        }
        if sides.isEuclidean { subtractShrinkage(from: db, gradients, own, factor) }
        sides.pullBack(db, ofRows: false)
        return db
    }

    /// What the bank's own lengths have in -|a - b|^2.
    private func subtractShrinkage(from db: Tensor, _ gradients: Tensor, _ own: Tensor, _ factor: Float) {
        let sums = Tensor(zeros: [db.shape[0]])
        let sum = sums.floats, g = gradients.floats, o = own.floats
        let positive = candidates.positives.integers, negative = candidates.negatives.integers
        for run in runs {
            for i in run.rows {
                sum[Int(positive[i])] += o[i]
                for j in 0..<m { sum[Int(negative[run.group * m + j])] += g[i * m + j] }
            }
        }
        concord_subtract_scaled_rows(db.floats, sides.columns.floats, sums.floats, factor, db.shape[0], width)
    }
}
