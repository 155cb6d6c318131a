import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The loops of `Tensor.contrast`: tiles of rows by blocks of columns.
///
/// A block of columns belongs to one thread for a tile, so that the columns' statistics need no merging, and the cuts
/// between blocks depend on the sizes alone.
struct ContrastKernel {
    /// Of the logits' gradients at a time.
    static let tileBytes = 48 << 20

    let sides: ContrastSides
    let n: Int, m: Int, width: Int
    let scale: Float
    let rowLabels: Tensor, columnLabels: Tensor
    let options: ContrastOptions
    /// Places of the first row and the first column among all, where these are some of them.
    private let firstRow: Int, firstColumn: Int
    /// `scale |x|^2` under the Euclidean similarity.
    private let rowShift: Tensor?, columnShift: Tensor?
    private let tile: Int, block: Int
    /// In bfloat16, the rows times `factor`.
    private let bfloat16: (rows: Tensor, columns: Tensor)?
    /// Above every logit, and near enough that e^(logit - bound) does not vanish; infinity where the similarity or its
    /// scale allow no such number. With it one exponential serves a logit's row and its column.
    let bound: Float

    init(
        _ sides: ContrastSides, logScale: Float, _ rowLabels: Tensor, _ columnLabels: Tensor,
        _ options: ContrastOptions, firstRow: Int = 0, firstColumn: Int = 0
    ) {
        self.sides = sides
        (n, m, width) = (sides.rows.shape[0], sides.columns.shape[0], sides.rows.shape[1])
        scale = exp(logScale)
        (self.rowLabels, self.columnLabels, self.options) = (rowLabels, columnLabels, options)
        (self.firstRow, self.firstColumn) = (firstRow, firstColumn)
        rowShift = sides.isEuclidean ? ContrastSides.squaredNorms(sides.rows, factor: scale) : nil
        columnShift = sides.isEuclidean ? ContrastSides.squaredNorms(sides.columns, factor: scale) : nil
        bfloat16 = sides.bfloat16(factor: sides.isEuclidean ? 2 * scale : scale)
        bound = Self.bound(options, scale: scale)
        tile = max(1, min(n, 1024, max(64, Self.tileBytes / 4 / max(1, m))))
        block = max(64, min(1024, (m / 8 + 15) / 16 * 16))
    }

    static func bound(_ options: ContrastOptions, scale: Float) -> Float {
        let isPlain = options.hardness == 0 && options.columnShift == nil && options.groups == nil
        return options.similarity == .cosine && isPlain && scale <= 30 ? 1.02 * scale : .infinity
    }

    /// The statistics of no logits, `[concord_contrast_planes, count]`.
    static func clearedStatistics(_ count: Int) -> Tensor {
        let statistics = Tensor(uninitialized: [Int(concord_contrast_planes), count])
        concord_contrast_clear(statistics.float32Pointer, count, count)
        return statistics
    }

    /// Between rows of the logits' gradients: not a power of two, which would put a column's numbers in few sets of the
    /// cache.
    private var stride: Int { (m + 15) / 16 * 16 + 16 }
    private var blocks: Int { (m + block - 1) / block }
    /// Of a product: twice as much where -|a - b|^2 is multiplied out.
    var factor: Float { sides.isEuclidean ? 2 * scale : scale }
    /// Blocks worth a thread of their own.
    private var grain: Int { max(1, 100_000 / max(1, min(n, tile) * block * max(1, width))) }

    /// Whether the backward pass takes logits in 16 bits: of bfloat16 factors, under a bound.
    private var packsLogits: Bool { bfloat16 != nil && bound < .infinity }

    private func contrast(rows: Range<Int>, columns: Range<Int>, stride: Int) -> concord_contrast {
        concord_contrast(
            rows: rows.count, columns: columns.count, stride: stride, first_row: firstRow + rows.lowerBound,
            first_column: firstColumn + columns.lowerBound,
            row_labels: rowLabels.int32Pointer + rows.lowerBound,
            column_labels: columnLabels.int32Pointer + columns.lowerBound,
            excludes_self: options.excludesSelf ? 1 : 0, hardness: options.hardness, bound: bound)
    }

    private func columns(of block: Int) -> Range<Int> { block * self.block..<min(m, (block + 1) * self.block) }

    private func tiles(of rows: Range<Int>) -> [Range<Int>] {
        Swift.stride(from: rows.lowerBound, to: rows.upperBound, by: tile).map {
            $0..<min(rows.upperBound, $0 + tile)
        }
    }

    /// The logits of a block.
    private func logits(_ rows: Range<Int>, _ columns: Range<Int>, into s: UnsafeMutablePointer<Float>, stride: Int) {
        if let bfloat16 {
            let a = bfloat16.rows.bfloat16Pointer + rows.lowerBound * width,
                b = bfloat16.columns.bfloat16Pointer + columns.lowerBound * width
            BFloat16GEMM.serial(rows.count, columns.count, width, 1, a, width, false, b, width, true, 0, s, stride)
        } else {
            let a = sides.rows.float32Pointer + rows.lowerBound * width,
                b = sides.columns.float32Pointer + columns.lowerBound * width
            GEMM.serial(rows.count, columns.count, width, factor, a, width, false, b, width, true, 0, s, stride)
        }
        let block = contrast(rows: rows, columns: columns, stride: stride)
        if let rowShift, let columnShift {
            concord_contrast_shift(
                s, rowShift.float32Pointer + rows.lowerBound, columnShift.float32Pointer + columns.lowerBound, block)
        }
        if let shift = options.columnShift {
            concord_contrast_shift(s, nil, shift.float32Pointer + columns.lowerBound, block)
        }
        if let groups = options.groups {
            concord_contrast_exclude(
                s, groups.rows.int32Pointer + rows.lowerBound, groups.columns.int32Pointer + columns.lowerBound, block)
        }
    }

    // MARK: Statistics

    /// Merges the statistics of some rows' logits into those of these rows and of all columns.
    /// - Parameters:
    ///   - rowSums: `[concord_contrast_planes, N]`; columnSums: `[concord_contrast_planes, M]`, nil one way.
    ///   - kept: gets the logits of as many tiles as it has memory for.
    ///   - afterTile: runs on this thread now and then.
    func addStatistics(
        of part: Range<Int>, to rowSums: Tensor, _ columnSums: Tensor?, keeping kept: KeptLogits? = nil,
        afterTile: () -> Void = {}
    ) {
        let planes = Int(concord_contrast_planes)
        let r = rowSums.float32Pointer, c = columnSums?.float32Pointer
        let partial = Tensor(uninitialized: [blocks, planes, tile])  // each block of columns' statistics of its rows
        let p = partial.float32Pointer
        for rows in tiles(of: part) {
            let keptTile = kept?.makeTile(
                first: rows.lowerBound, rows: rows.count, stride: stride, packsLogits ? .bfloat16 : .float32)
            let isInPlace = keptTile != nil && !packsLogits
            Parallel.runDynamically(blocks, grain: grain) { index in
                let scratch = Tensor(uninitialized: [(isInPlace ? 0 : rows.count) + planes, block])
                let columns = columns(of: index), stride = isInPlace ? self.stride : block
                let s =
                    keptTile.flatMap { isInPlace ? $0.float32Pointer + columns.lowerBound : nil }
                    ?? scratch.float32Pointer + planes * block
                let part = contrast(rows: rows, columns: columns, stride: stride)
                logits(rows, columns, into: s, stride: stride)
                concord_contrast_statistics(
                    s, p + index * planes * tile, tile, c.map { $0 + columns.lowerBound }, m, scratch.float32Pointer,
                    options.smoothing > 0 ? 1 : 0, part)
                if let keptTile, !isInPlace {
                    concord_contrast_pack(keptTile.bfloat16Pointer + columns.lowerBound, self.stride, s, part)
                }
            }
            for index in 0..<blocks {
                concord_contrast_merge(
                    r + rows.lowerBound, n, p + index * planes * tile, tile, options.hardness, rows.count)
            }
            afterTile()
        }
    }

    // MARK: Gradients

    /// The gradient coefficients of each row and, unless it is one way, of each column: see `concord_contrast_pullback`.
    struct Coefficients {
        let rows: Tensor
        let columns: Tensor?
        /// Of the log of the scale, beside that through the logits.
        let scale: Double
    }

    /// What the rows' gradients still lack as a factor where they were added up.
    var addedRowsFactor: Float { bfloat16 == nil ? 1 : factor }

    /// The gradients that come from some rows' logits, of both sides as they are multiplied.
    /// - Parameters:
    ///   - da: `[N, D]`: the part's rows are written or, if `addsRows`, added to, with `addedRowsFactor` left out.
    ///   - db: `[M, D]`, added to; in bfloat16 for an upstream gradient of 1 and without `finish`.
    ///   - kept: logits of the same rows that the forward pass kept; each tile is taken from it.
    ///   - afterTile: runs on this thread now and then.
    /// - Returns: the gradient of the log of the scale, beginning with the coefficients', for an upstream gradient of 1.
    func addGradients(
        of part: Range<Int>, _ coefficients: Coefficients, upstream: Float, to da: Tensor?, _ db: Tensor?,
        addsRows: Bool = false, taking kept: KeptLogits? = nil, afterTile: () -> Void = {}
    ) -> Double {
        let euclidean = sides.isEuclidean
        let sumsColumns = euclidean || options.columnShift != nil
        let rowTotals = Tensor(zeros: [blocks, euclidean ? tile : 0])
        let columnTotals = Tensor(zeros: [sumsColumns ? m : 0])
        let dots = Tensor(zeros: [blocks * 2])
        let dot = UnsafeMutableRawPointer(dots.float32Pointer).assumingMemoryBound(to: Double.self)
        // Gradients take the place of logits that were kept in as many bits.
        let type = bfloat16 == nil ? ElementType.float32 : .bfloat16
        lazy var spare = Tensor(uninitialized: [tile, stride], type)
        let a = sides.rows.float32Pointer, b = sides.columns.float32Pointer
        let rowCoefficients = coefficients.rows.float32Pointer,
            columnCoefficients = coefficients.columns?.float32Pointer
        let factor = factor * upstream
        for rows in tiles(of: part) {
            let at = a + rows.lowerBound * width
            let keptTile = kept?.takeTile(first: rows.lowerBound)
            let gradients = keptTile.flatMap { $0.elementType == type ? $0 : nil } ?? spare
            let g = gradients.elementPointer
            rowTotals.float32Pointer.update(repeating: 0, count: rowTotals.count)
            Parallel.runDynamically(blocks, grain: grain) { index in
                let needsScratch = g.isBFloat16 && (keptTile == nil || packsLogits)
                let scratch = needsScratch ? Tensor(uninitialized: [rows.count, block]) : nil
                let columns = columns(of: index), stride = scratch == nil ? self.stride : block
                let s = scratch?.float32Pointer ?? (keptTile?.float32Pointer ?? g.float32) + columns.lowerBound
                let part = contrast(rows: rows, columns: columns, stride: stride)
                if let keptTile {
                    if packsLogits {
                        concord_contrast_unpack(s, keptTile.bfloat16Pointer + columns.lowerBound, self.stride, part)
                    }
                } else {
                    logits(rows, columns, into: s, stride: stride)
                    if packsLogits { concord_contrast_round(s, part) }
                }
                dot[index] += concord_contrast_pullback(
                    s, rowCoefficients + rows.lowerBound, n, columnCoefficients.map { $0 + columns.lowerBound }, m,
                    euclidean ? rowTotals.float32Pointer + index * tile : nil,
                    sumsColumns ? columnTotals.float32Pointer + columns.lowerBound : nil, part)
                if g.isBFloat16 {
                    concord_float32_to_bfloat16_rows(
                        g.bfloat16 + columns.lowerBound, self.stride, s, stride, rows.count, columns.count)
                }
                if let db { addColumns(g, rows, columns, factor, to: db) }
            }
            withExtendedLifetime(keptTile) {}
            afterTile()
            guard let da else { continue }
            let to = da.float32Pointer + rows.lowerBound * width
            addRows(g, rows, factor, to: to, adds: addsRows)
            withExtendedLifetime(gradients) {}
            guard euclidean else { continue }
            for index in 1..<max(1, blocks) {
                concord_accumulate(rowTotals.float32Pointer, rowTotals.float32Pointer + index * tile, rows.count)
            }
            let part = addsRows ? factor / addedRowsFactor : factor
            concord_subtract_scaled_rows(to, at, rowTotals.float32Pointer, part, rows.count, width)
        }
        if bfloat16 != nil, upstream != 1, let db { concord_scale_rows(db.float32Pointer, width, upstream, m, width) }
        if euclidean, let db {
            concord_subtract_scaled_rows(db.float32Pointer, b, columnTotals.float32Pointer, factor, m, width)
        }
        var scaleGradient = (0..<blocks).reduce(coefficients.scale) { $0 + dot[$1] }
        if let shift = options.columnShift?.float32Pointer {  // is in the logits, and does not grow with the scale
            let totals = columnTotals.float32Pointer
            for j in 0..<m { scaleGradient += Double(totals[j]) * Double(shift[j]) }
        }
        return scaleGradient
    }

    /// The gradients of a tile's rows, from all columns.
    private func addRows(
        _ g: ElementPointer, _ rows: Range<Int>, _ factor: Float, to: UnsafeMutablePointer<Float>, adds: Bool
    ) {
        if let bfloat16 {
            BFloat16GEMM.serial(
                rows.count, width, m, adds ? factor / addedRowsFactor : factor, g.bfloat16, stride, false,
                bfloat16.columns.bfloat16Pointer, width, false, adds ? 1 : 0, to, width)
        } else {
            GEMM.multiply(
                m: rows.count, n: width, k: m, alpha: factor, g.float32, lda: stride, sides.columns.float32Pointer,
                ldb: width, beta: adds ? 1 : 0, to, ldc: width)
        }
    }

    /// Adds a block's part of its columns' gradients; in bfloat16 for an upstream gradient of 1.
    private func addColumns(
        _ g: ElementPointer, _ rows: Range<Int>, _ columns: Range<Int>, _ factor: Float, to db: Tensor
    ) {
        let to = db.float32Pointer + columns.lowerBound * width, first = rows.lowerBound * width
        if let bfloat16 {
            BFloat16GEMM.serial(
                columns.count, width, rows.count, 1, g.bfloat16 + columns.lowerBound, stride, true,
                bfloat16.rows.bfloat16Pointer + first, width,
                false, 1, to, width)
        } else {
            GEMM.serial(
                columns.count, width, rows.count, factor, g.float32 + columns.lowerBound, stride, true,
                sides.rows.float32Pointer + first, width,
                false, 1, to, width)
        }
    }
}
