import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The two sets of embeddings as they are multiplied: of length 1 under the cosine similarity.
struct ContrastSides {
    let rows: Tensor, columns: Tensor
    private let rowNorms: Tensor?, columnNorms: Tensor?
    let isEuclidean: Bool
    /// Logits are computed from bfloat16.
    let isBFloat16: Bool
    /// The rows rounded, times their factor, where that was done before.
    private let rowsInBFloat16: Tensor?

    /// PyTorch's, in `normalize`.
    private static let epsilon: Float = 1e-12

    init(_ a: Tensor, _ b: Tensor, _ similarity: ContrastOptions.Similarity) {
        isEuclidean = similarity == .euclidean
        isBFloat16 = Precision.isBFloat16(for: a, b)
        rowsInBFloat16 = nil
        let isOne = a.storage === b.storage && a.shape == b.shape, a = a.asFloat32, b = isOne ? a : b.asFloat32
        guard similarity == .cosine else {
            (rows, columns, rowNorms, columnNorms) = (a, b, nil, nil)
            return
        }
        let x = Self.normalized(a), y = isOne ? x : Self.normalized(b)
        (rows, rowNorms, columns, columnNorms) = (x.0, x.1, y.0, y.1)
    }

    /// Rows and columns as they are multiplied already, without their norms.
    init(rows: Tensor, columns: Tensor, isEuclidean: Bool, isBFloat16: Bool, rowsInBFloat16: Tensor?) {
        (self.rows, self.columns, rowNorms, columnNorms) = (rows, columns, nil, nil)
        (self.isEuclidean, self.isBFloat16, self.rowsInBFloat16) = (isEuclidean, isBFloat16, rowsInBFloat16)
    }

    /// Both rounded to bfloat16, the rows times `factor`: nil where logits are computed from float32.
    func bfloat16(factor: Float) -> (rows: Tensor, columns: Tensor)? {
        isBFloat16
            ? (rowsInBFloat16 ?? (factor == 1 ? rows : rows * factor).cast(to: .bfloat16), columns.asBFloat16) : nil
    }

    static func normalized(_ x: Tensor) -> (output: Tensor, norms: Tensor) {
        Kernels.l2Normalize(x, epsilon: epsilon)
    }

    /// `factor |x|^2` of each row, for distances.
    static func squaredNorms(_ x: Tensor, factor: Float) -> Tensor {
        let output = Tensor(uninitialized: [x.shape[0]])
        let from = x.float32Pointer, to = output.float32Pointer, width = x.shape[1]
        Parallel.run(x.shape[0], grain: Rows.grain(width)) { range in
            concord_squared_norms(to + range.lowerBound, from + range.lowerBound * width, factor, range.count, width)
        }
        return output
    }

    /// Turns the gradient of the rows, or of the columns, into that of the embeddings as given, in place.
    func pullBack(_ gradient: Tensor, ofRows: Bool) {
        guard let norms = ofRows ? rowNorms : columnNorms else { return }
        Self.pullBack(gradient, normalized: ofRows ? rows : columns, norms: norms)
    }

    static func pullBack(_ gradient: Tensor, normalized: Tensor, norms: Tensor) {
        Kernels.l2NormalizePullback(gradient, output: normalized, norms: norms, epsilon: epsilon, into: gradient)
    }
}

/// From the running statistics of rows (or columns) to the loss and its gradient coefficients, in double precision.
package struct ContrastSummary {
    private let options: ContrastOptions
    /// Positives and negatives of each row.
    private let positives: [Int], negatives: [Int]

    package init(_ options: ContrastOptions, labels: Tensor, others: Tensor) {
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

    /// A row's denominator, `positives + negatives`, and how it changes.
    private struct Denominator {
        var log: Double
        /// Factors of the derivatives e^(s - z) of positives and of negatives.
        var positiveFactor = 1.0, negativeFactor = 1.0
        /// Its derivative by the log of the scale beside that through the logits.
        var scaleSlope = 0.0
    }

    /// - Parameters:
    ///   - positive, negative: logs of the sums over row i's positives and negatives.
    ///   - scale: that of the logits.
    private func denominator(of i: Int, positive: Double, negative: Double, scale: Double) -> Denominator {
        let top = max(positive, negative), prior = Double(options.classPrior)
        guard prior > 0, negatives[i] > 0 else {
            if options.isDecoupled { return Denominator(log: negative, positiveFactor: 0) }
            return Denominator(log: top.isNaN ? top : top + log(exp(positive - top) + exp(negative - top)))
        }
        // Chuang et al., eq. 8, times the number of negatives.
        let count = Double(negatives[i]), excess = prior * count / Double(positives[i])
        let positives = exp(positive - top), own = options.isDecoupled ? 0 : positives
        let estimate = (exp(negative - top) - excess * positives) / (1 - prior)
        let least = exp(log(count) - scale - top)
        guard estimate > least else {
            return Denominator(
                log: top + log(own + least), positiveFactor: options.isDecoupled ? 0 : 1, negativeFactor: 0,
                scaleSlope: -scale * least / (own + least))
        }
        return Denominator(
            log: top + log(own + estimate), positiveFactor: (options.isDecoupled ? 0 : 1) - excess / (1 - prior),
            negativeFactor: 1 / (1 - prior))
    }

    /// The weighted loss of rows, their gradient coefficients, `[concord_contrast_coefficients, N]`, and the gradient
    /// of the log of the scale beside that through the logits.
    package struct Sum {
        package var loss = 0.0
        package let coefficients: Tensor
        package var scaleGradient = 0.0
    }

    private func isCounted(_ i: Int) -> Bool { positives[i] > 0 && (!options.isDecoupled || negatives[i] > 0) }

    /// How many rows are in the mean.
    package var counted: Int { positives.indices.count(where: isCounted) }

    /// - Parameters:
    ///   - weight: of the rows' mean in the loss.
    ///   - counted: number of rows in the mean; nil: of these rows.
    ///   - scale: that of the logits.
    ///   - bound: replaces each denominator's logarithm as the shift of exponentials, where it is finite.
    ///   - losses: gets each row's own; 0 where it is excluded.
    package func summed(
        _ statistics: Tensor, weight lossWeight: Double, scale: Float, bound: Float = .infinity, counted: Int? = nil,
        losses: UnsafeMutablePointer<Float>? = nil
    ) -> Sum {
        let n = positives.count
        var sum = Sum(coefficients: Tensor(zeros: [Int(concord_contrast_coefficients), n]))
        let from = statistics.float32Pointer, to = sum.coefficients.float32Pointer
        let beta = Double(options.hardness), smoothing = Double(options.smoothing)
        let positiveWeights = options.positiveWeights?.float32Pointer
        let weight = lossWeight / Double(max(1, counted ?? self.counted))
        for i in 0..<n {
            guard isCounted(i) else {
                losses?[i] = 0
                // e^(s - z) is 0, or its weight
                for plane in [0, 5, 6] { to[plane * n + i] = plane == 0 ? bound : .infinity }
                continue
            }
            func statistic(_ plane: Int) -> Double { Double(from[plane * n + i]) }
            let positive = statistic(0) + log(statistic(1))
            let weighted = (1 + beta) * statistic(2) + log(statistic(3)),
                weights = beta * statistic(2) + log(statistic(4))
            let negative =
                negatives[i] == 0 ? -.infinity : beta == 0 ? weighted : weighted - weights + log(Double(negatives[i]))
            let denominator = denominator(of: i, positive: positive, negative: negative, scale: Double(scale))
            let z = denominator.log, target = (positiveWeights.map { Double($0[i]) } ?? 1) * (1 - smoothing)
            let all = Double(positives[i] + negatives[i])
            let row = z - target * statistic(5) / Double(positives[i]) - smoothing * statistic(6) / all
            sum.loss += row * weight
            sum.scaleGradient += denominator.scaleSlope * weight
            losses?[i] = Float(row)
            // A logit near the denominator's must not be lost by rounding either: the weight compensates for z's
            // rounding.
            let rounded = bound.isFinite ? bound : Float(z), rest = z - Double(rounded)
            let factor = weight * exp(rest.isFinite ? -rest : 0)
            to[i] = rounded
            to[n + i] = Float(factor * denominator.negativeFactor)
            to[2 * n + i] = Float(weight * target / Double(positives[i]))
            to[3 * n + i] = Float(weight * smoothing / all)
            to[4 * n + i] = negatives[i] == 0 ? 0 : Float(weight * exp(negative - z) * denominator.negativeFactor)
            to[5 * n + i] = negatives[i] == 0 ? .infinity : Float(weighted)
            to[6 * n + i] = negatives[i] == 0 ? .infinity : Float(weights)
            to[7 * n + i] = Float(factor * denominator.positiveFactor)
        }
        return sum
    }
}
