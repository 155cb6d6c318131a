import ConcordCommunication
import ConcordTensors

/// The InfoNCE loss where each rank has some of the rows and some of the columns: blocks of columns go around the
/// ranks, with their statistics forward and with their gradients backward, while each rank computes on the last one.
///
/// Memory a rank: its own rows and columns, and a few blocks.
struct ContrastRing: Sendable {
    private let ranks: Communicator
    private let rows: ContrastRows
    /// This rank's, as given, `[n, D]`.
    private let columns: Tensor
    /// Of all ranks, `[N]`.
    private let labels: Tensor
    /// Of each rank's rows, and of those of the ranks before.
    private let counts: [Int], starts: [Int]
    /// In how many blocks each rank's columns travel.
    private let blocks: Int

    /// The gradient coefficients of this rank's rows and columns, and of the log of the scale beside that through the
    /// logits.
    struct Coefficients {
        let rows: Tensor
        let columns: Tensor?
        let scale: Double
    }

    /// - Parameters:
    ///   - a, b: this rank's rows and columns, `[n, D]`; D is the same on all ranks.
    ///   - labels: of this rank's rows and columns, int32 `[n]`.
    ///   - blockRows: most columns that travel at a time.
    init(
        _ a: Tensor, _ b: Tensor, labels: Tensor, logScale: Float, options: ContrastOptions, ranks: Communicator,
        blockRows: Int
    ) {
        let counts = ranks.gather(a.shape[0]), widths = ranks.gather(a.shape[1])
        ShapeCheck.require(
            widths.allSatisfy { $0 == a.shape[1] }, "InfoNCE", "embeddings of \(widths) dimensions on the ranks")
        starts = counts.indices.map { counts[..<$0].reduce(0, +) }
        rows = ContrastRows(
            a, labels: labels, first: starts[ranks.rank], logScale: logScale,
            isBFloat16: Precision.isBFloat16(for: a, b), options: options)
        columns = b.detached
        blocks = max(1, ((counts.max() ?? 0) + blockRows - 1) / blockRows)
        self.labels = ranks.gather(labels, rows: counts)
        (self.ranks, self.counts) = (ranks, counts)
    }

    /// Number of rows of all ranks.
    var count: Int { labels.count }
    /// Of this rank.
    private var own: Int { counts[ranks.rank] }
    private var isSymmetric: Bool { rows.options.isSymmetric }

    /// A block's columns among those of its rank.
    private func range(_ block: Int, of rank: Int) -> Range<Int> {
        block * counts[rank] / blocks..<(block + 1) * counts[rank] / blocks
    }

    /// This rank's columns of a block, as they are multiplied.
    private func multiplied(_ block: Int) -> (values: Tensor, norms: Tensor?) {
        rows.multiplied(columns.sliced(range(block, of: ranks.rank), axis: 0))
    }

    private func columns(_ values: Tensor, _ block: Int, of rank: Int) -> ContrastRows.Columns {
        let range = range(block, of: rank), first = starts[rank] + range.lowerBound
        return ContrastRows.Columns(
            values, labels: labels.sliced(first..<first + range.count, axis: 0), first: first)
    }

    // MARK: Around the ranks

    /// Takes a block of each rank around all ranks, to each the next one while it computes on the present one.
    /// - Parameters:
    ///   - tensors: this rank's of the block.
    ///   - shapes: of a rank's tensors.
    ///   - resultShape: of a rank's result.
    ///   - compute: from a rank and its tensors to what this rank adds to that rank's result; calls its last argument
    ///     now and then.
    ///   - merge: the first result into the second, in place.
    /// - Returns: this rank's result, merged from all; nil where there is none.
    private func circulated(
        _ tensors: [Tensor], shapes: (Int) -> [[Int]], resultShape: (Int) -> [Int],
        compute: (Int, [Tensor], () -> Void) -> Tensor?, merge: (Tensor, Tensor) -> Void
    ) -> PendingTensor? {
        let count = ranks.count, next = (ranks.rank + 1) % count, previous = (ranks.rank + count - 1) % count
        var tensors = tensors, result: PendingTensor?
        for step in 0..<count {
            let origin = (ranks.rank - step + count) % count, following = (origin - 1 + count) % count
            var arriving: [PendingTensor] = []
            if step + 1 < count {
                arriving = zip(tensors, shapes(following)).map {
                    ranks.startExchange($0, to: next, from: previous, shape: $1)
                }
            }
            let part = compute(origin, tensors) {
                for tensor in arriving { tensor.progress() }
                result?.progress()
            }
            if let part {
                // What the ranks before found for this block, made while this one computed.
                if let before = result?.wait() { merge(before, part) }
                result = ranks.startExchange(part, to: next, from: previous, shape: resultShape(following))
            }
            tensors = arriving.map { $0.wait() }
        }
        return result
    }

    // MARK: Loss

    /// - Returns: the loss, the same on all ranks, and this rank's gradient coefficients.
    func forward() -> (loss: Float, Coefficients) {
        let rowSums = ContrastRows.clearedStatistics(own)
        let columnSums = isSymmetric ? ContrastRows.clearedStatistics(own) : nil
        var last: (block: Int, statistics: PendingTensor)?
        func place() {
            guard let (block, statistics) = last, let columnSums else { return }
            Self.place(statistics.wait(), in: columnSums, at: range(block, of: ranks.rank).lowerBound)
        }
        for block in 0..<blocks {
            let statistics = circulated(
                [multiplied(block).values], shapes: { [[range(block, of: $0).count, columns.shape[1]]] },
                resultShape: { [ContrastRows.planes, range(block, of: $0).count] },
                compute: { rank, tensors, progress in
                    let sums = isSymmetric ? ContrastRows.clearedStatistics(tensors[0].shape[0]) : nil
                    rows.addStatistics(
                        of: columns(tensors[0], block, of: rank), to: rowSums, sums, afterTile: progress)
                    return sums
                }, merge: rows.merge)
            place()
            last = statistics.map { (block, $0) }
        }
        place()
        return summary(rowSums, columnSums)
    }

    private func summary(_ rowSums: Tensor, _ columnSums: Tensor?) -> (loss: Float, Coefficients) {
        let first = starts[ranks.rank], labels = labels.sliced(first..<first + own, axis: 0)
        let summary = ContrastSummary(rows.options, labels: labels, others: self.labels)
        // Rows and columns have the same labels, so that as many of either are in its mean.
        let counted = Int(ranks.sum([Double(summary.counted)])[0])
        let weight = isSymmetric ? 0.5 : 1
        let sums = ([rowSums] + (columnSums.map { [$0] } ?? [])).map {
            summary.summed($0, weight: weight, scale: rows.scale, bound: rows.bound, counted: counted)
        }
        return (
            Float(ranks.sum([sums.reduce(0) { $0 + $1.loss }])[0]),
            Coefficients(
                rows: sums[0].coefficients, columns: sums.dropFirst().first?.coefficients,
                scale: sums.reduce(0) { $0 + $1.scaleGradient })
        )
    }

    /// - Returns: the gradients of this rank's rows and columns as given, those needed, and what its rows contribute to
    ///   that of the log of the scale: times the number of ranks, each of which differentiates its fraction of the loss.
    func backward(
        _ coefficients: Coefficients, upstream: Float, needs: (rows: Bool, columns: Bool)
    ) -> (Tensor?, Tensor?, Float) {
        let width = columns.shape[1], factor = upstream * Float(ranks.count)
        let da = needs.rows ? Tensor(zeros: [own, width]) : nil
        let db = needs.columns ? Tensor(uninitialized: [own, width]) : nil
        var scale = coefficients.scale, last: (block: Int, gradient: PendingTensor)?
        func place() {
            guard let (block, pending) = last, let db else { return }
            let gradient = pending.wait(), (values, norms) = multiplied(block)
            ContrastRows.pullBackColumns(gradient, values: values, norms: norms, factor: factor)
            (db.float32Pointer + range(block, of: ranks.rank).lowerBound * width).update(
                from: gradient.float32Pointer, count: gradient.count)
        }
        for block in 0..<blocks {
            let own = range(block, of: ranks.rank)
            let tensors = [multiplied(block).values] + (coefficients.columns.map { [$0.sliced(own, axis: 1)] } ?? [])
            let gradient = circulated(
                tensors,
                shapes: {
                    let count = range(block, of: $0).count
                    return [[count, width], [ContrastRows.coefficients, count]]
                }, resultShape: { [range(block, of: $0).count, width] },
                compute: { rank, tensors, progress in
                    let part = needs.columns ? Tensor(zeros: tensors[0].shape) : nil
                    scale += rows.addGradients(
                        of: columns(tensors[0], block, of: rank), coefficients.rows, tensors.dropFirst().first,
                        to: da, part, afterTile: progress)
                    return part
                }, merge: ContrastRows.add)
            place()
            last = gradient.map { (block, $0) }
        }
        place()
        if let da { rows.pullBackRows(da, factor: factor) }
        return (da, db, factor * Float(scale))
    }

    /// Copies `[planes, M]` to columns of a wider one.
    private static func place(_ block: Tensor, in whole: Tensor, at first: Int) {
        let width = block.shape[1], stride = whole.shape[1]
        for plane in 0..<block.shape[0] {
            (whole.float32Pointer + plane * stride + first).update(
                from: block.float32Pointer + plane * width, count: width)
        }
    }
}
