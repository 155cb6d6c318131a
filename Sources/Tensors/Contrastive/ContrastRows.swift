import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// Some rows of a contrast, by which blocks of the columns come one after the other: what a rank of a ring computes.
///
/// Gradients are added up for an upstream gradient of 1, of both sides as they are multiplied; `pullBackRows` and
/// `pullBackColumns` turn the sums into those of the embeddings as given.
package struct ContrastRows: Sendable {
    /// A block of columns, as they are multiplied.
    package struct Columns {
        let values: Tensor, labels: Tensor
        let first: Int

        /// - Parameters:
        ///   - values: `[M, D]`, from `multiplied`.
        ///   - labels: int32 `[M]`.
        ///   - first: place of the first among all columns.
        package init(_ values: Tensor, labels: Tensor, first: Int) {
            (self.values, self.labels, self.first) = (values, labels, first)
        }
    }

    package let options: ContrastOptions
    /// Of the logits.
    package let scale: Float
    /// Replaces each denominator's logarithm as the shift of exponentials, where it is finite.
    package let bound: Float
    private let rows: Tensor, norms: Tensor?, labels: Tensor
    private let first: Int
    private let logScale: Float
    private let isBFloat16: Bool
    private let rowsInBFloat16: Tensor?

    /// - Parameters:
    ///   - rows: `[N, D]`.
    ///   - labels: int32 `[N]`.
    ///   - first: place of the first among all rows.
    ///   - options: without groups, column shift and positives' weights, which are those of all rows and columns.
    package init(
        _ rows: Tensor, labels: Tensor, first: Int, logScale: Float, isBFloat16: Bool, options: ContrastOptions
    ) {
        ShapeCheck.require(
            options.groups == nil && options.columnShift == nil && options.positiveWeights == nil, "contrast",
            "groups, column shift and positive weights are not of blocks")
        (self.labels, self.first, self.options, self.isBFloat16) = (labels, first, options, isBFloat16)
        self.logScale = logScale
        scale = exp(logScale)
        bound = ContrastKernel.bound(options, scale: scale)
        (self.rows, norms) = Self.multiplied(rows, options.similarity)
        let factor = options.similarity == .euclidean ? 2 * scale : scale
        rowsInBFloat16 = isBFloat16 ? (factor == 1 ? self.rows : self.rows * factor).cast(to: .bfloat16) : nil
    }

    /// Embeddings as they are multiplied, float32, and their norms under the cosine similarity.
    package func multiplied(_ x: Tensor) -> (values: Tensor, norms: Tensor?) {
        Self.multiplied(x, options.similarity)
    }

    private static func multiplied(
        _ x: Tensor, _ similarity: ContrastOptions.Similarity
    ) -> (values: Tensor, norms: Tensor?) {
        let x = x.detached.asFloat32
        return similarity == .cosine ? ContrastSides.normalized(x) : (x, nil)
    }

    private func kernel(_ columns: Columns) -> ContrastKernel {
        let sides = ContrastSides(
            rows: rows, columns: columns.values, isEuclidean: options.similarity == .euclidean,
            isBFloat16: isBFloat16, rowsInBFloat16: rowsInBFloat16)
        return ContrastKernel(
            sides, logScale: logScale, labels, columns.labels, options, firstRow: first, firstColumn: columns.first)
    }

    private func isEmpty(with columns: Columns) -> Bool { rows.shape[0] == 0 || columns.values.shape[0] == 0 }

    // MARK: Statistics

    /// The statistics of no logits, `[planes, count]`.
    package static func clearedStatistics(_ count: Int) -> Tensor { ContrastKernel.clearedStatistics(count) }

    /// Number of statistics of a row or a column.
    package static var planes: Int { Int(concord_contrast_planes) }

    /// Merges the statistics of the logits of all rows and a block of columns into those of both.
    /// - Parameters:
    ///   - rowSums: `[planes, N]`; columnSums: `[planes, M]`, nil one way.
    ///   - afterTile: runs on this thread now and then.
    package func addStatistics(
        of columns: Columns, to rowSums: Tensor, _ columnSums: Tensor?, afterTile: () -> Void
    ) {
        guard !isEmpty(with: columns) else { return }
        kernel(columns).addStatistics(of: 0..<rows.shape[0], to: rowSums, columnSums, afterTile: afterTile)
    }

    /// Merges other rows' statistics of the same columns, in place.
    package func merge(_ other: Tensor, into statistics: Tensor) {
        let count = statistics.shape[1]
        concord_contrast_merge(
            statistics.float32Pointer, count, other.float32Pointer, count, options.hardness, count)
    }

    // MARK: Gradients

    /// Number of gradient coefficients of a row or a column.
    package static var coefficients: Int { Int(concord_contrast_coefficients) }

    /// Adds the gradients that come from the logits of all rows and a block of columns.
    /// - Parameters:
    ///   - rowCoefficients: `[coefficients, N]`; columnCoefficients: `[coefficients, M]`, nil one way.
    ///   - da: `[N, D]`; db: `[M, D]`.
    ///   - afterTile: runs on this thread now and then.
    /// - Returns: the gradient of the log of the scale through these logits.
    package func addGradients(
        of columns: Columns, _ rowCoefficients: Tensor, _ columnCoefficients: Tensor?, to da: Tensor?, _ db: Tensor?,
        afterTile: () -> Void
    ) -> Double {
        guard !isEmpty(with: columns) else { return 0 }
        return kernel(columns).addGradients(
            of: 0..<rows.shape[0],
            ContrastKernel.Coefficients(rows: rowCoefficients, columns: columnCoefficients, scale: 0), upstream: 1,
            to: da, db, addsRows: true, afterTile: afterTile)
    }

    /// Adds another part of a sum of gradients, in place.
    package static func add(_ other: Tensor, to sum: Tensor) {
        let to = sum.float32Pointer, from = other.float32Pointer
        Parallel.run(sum.count, grain: 1 << 16) { range in
            concord_accumulate(to + range.lowerBound, from + range.lowerBound, range.count)
        }
    }

    /// Turns the sum of the rows' gradients into that of the rows as given, times `factor`, in place.
    package func pullBackRows(_ da: Tensor, factor: Float) {
        let rest: Float = !isBFloat16 ? 1 : options.similarity == .euclidean ? 2 * scale : scale
        concord_scale_rows(da.float32Pointer, da.shape[1], factor * rest, da.shape[0], da.shape[1])
        if let norms { ContrastSides.pullBack(da, normalized: rows, norms: norms) }
    }

    /// Turns the sum of a block's gradients into that of the columns as given, times `factor`, in place.
    /// - Parameters:
    ///   - values, norms: from `multiplied`.
    package static func pullBackColumns(_ db: Tensor, values: Tensor, norms: Tensor?, factor: Float) {
        concord_scale_rows(db.float32Pointer, db.shape[1], factor, db.shape[0], db.shape[1])
        if let norms { ContrastSides.pullBack(db, normalized: values, norms: norms) }
    }
}
