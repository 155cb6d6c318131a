import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// From what the rows (or columns) say of their logits to the loss and its slopes, in double precision.
struct ContrastSummary {
    private let options: ContrastOptions
    /// Positives and negatives of each row.
    private let positives: [Int], negatives: [Int]

    init(_ options: ContrastOptions, labels: Tensor, others: Tensor) {
        self.options = options
        var counts: [Int32: Int] = [:]
        for label in others.integerScalars { counts[label, default: 0] += 1 }
        let labels = labels.integerScalars, count = others.count
        // A row's own element is a positive, as its labels are the same on both sides.
        positives = labels.indices.map { i in (counts[labels[i]] ?? 0) - (options.excludesSelf && i < count ? 1 : 0) }
        let all = labels.indices.map { i in count - (options.excludesSelf && i < count ? 1 : 0) }
        negatives = zip(all, positives).map { $0 - $1 }
    }

    /// Rows with one positive and as many negatives each.
    init(_ options: ContrastOptions, rows: Int, negatives: Int) {
        self.options = options
        positives = [Int](repeating: 1, count: rows)
        self.negatives = [Int](repeating: negatives, count: rows)
    }

    /// - Parameters:
    ///   - share: of the rows' mean in the loss.
    ///   - bound: what denominators are held against in place of themselves, where it is finite.
    ///   - losses: gets each row's own; 0 where it is not counted.
    /// - Returns: the loss's share, and `[concord_contrast_coefficients, N]`.
    func summed(
        _ statistics: Tensor, share: Double, bound: Float = .infinity, losses: UnsafeMutablePointer<Float>? = nil
    ) -> (Double, Tensor) {
        let n = positives.count
        let slopes = Tensor(zeros: [Int(concord_contrast_coefficients), n])
        let from = statistics.float32Pointer, to = slopes.float32Pointer
        let beta = Double(options.hardness), smoothing = Double(options.smoothing)
        let isKept = (0..<n).map { positives[$0] > 0 && (!options.isDecoupled || negatives[$0] > 0) }
        let weight = share / Double(max(1, isKept.count(where: { $0 })))
        var loss = 0.0
        for i in 0..<n {
            guard isKept[i] else {
                losses?[i] = 0
                // e^(s - z) is 0, or its weight
                for plane in [0, 5, 6] { to[plane * n + i] = plane == 0 ? bound : .infinity }
                continue
            }
            func said(_ plane: Int) -> Double { Double(from[plane * n + i]) }
            let positive = said(0) + log(said(1))
            let weighted = (1 + beta) * said(2) + log(said(3)), weights = beta * said(2) + log(said(4))
            let negative =
                negatives[i] == 0 ? -.infinity : beta == 0 ? weighted : weighted - weights + log(Double(negatives[i]))
            let top = max(positive, negative)
            let z =
                options.isDecoupled ? negative : top.isNaN ? top : top + log(exp(positive - top) + exp(negative - top))
            let all = Double(positives[i] + negatives[i])
            let row = z - (1 - smoothing) * said(5) / Double(positives[i]) - smoothing * said(6) / all
            loss += row
            losses?[i] = Float(row)
            // A logit near the denominator's must not lose to the rounding of either: what z loses here the weight
            // takes up.
            let rounded = bound.isFinite ? bound : Float(z), rest = z - Double(rounded)
            to[i] = rounded
            to[n + i] = Float(weight * exp(rest.isFinite ? -rest : 0))
            to[2 * n + i] = Float(weight * (1 - smoothing) / Double(positives[i]))
            to[3 * n + i] = Float(weight * smoothing / all)
            to[4 * n + i] = negatives[i] == 0 ? 0 : Float(weight * exp(negative - z))
            to[5 * n + i] = negatives[i] == 0 ? .infinity : Float(weighted)
            to[6 * n + i] = negatives[i] == 0 ? .infinity : Float(weights)
        }
        return (loss * weight, slopes)
    }
}
