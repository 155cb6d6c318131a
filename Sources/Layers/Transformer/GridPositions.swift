public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Adds a vector for its place to every cell of a grid: where the patches of an image are.
///
/// ```swift
/// let placed = GridPositions(14, 384, form: .sinCos)(tokens, rows: 14, columns: 14)      // [N, 196, 384]
/// ```
///
/// A learned table is stored under the module's own name as `[1, leading + side², D]`, as timm's `pos_embed`. On a
/// grid of another shape its vectors are interpolated (bicubic, as `F.interpolate` without antialiasing).
/// - Source: Dosovitskiy et al. 2020, arXiv:2010.11929, section 3.1 (learned); He et al. 2021, arXiv:2111.06377,
///   `get_2d_sincos_pos_embed` (fixed): sines and cosines of the column, then those of the row.
public final class GridPositions: Module {
    /// Where the vectors come from.
    public enum Form: String, Sendable, CaseIterable {
        /// A trained table.
        case learned
        /// Fixed sines and cosines of column and row; D is a multiple of 4.
        case sinCos = "sin_cos"
    }

    /// The trained table `[1, leading + side², D]`; nil where the vectors are fixed.
    public let table: Parameter?
    /// Side of the grid that the table is for, and number of tokens before the grid that have a vector.
    public let side: Int, leadingCount: Int
    /// Size D of a vector.
    public let size: Int
    private let fixed: Tensor?

    public var checkpointNames: [String: String] { ["table": ""] }

    /// - Parameters:
    ///   - side: of the square grid that the table is for.
    ///   - size: D; a multiple of 4 for `.sinCos`.
    ///   - leading: tokens before the grid that have a vector, such as a class token; fixed ones are zero.
    public init(_ side: Int, _ size: Int, leading: Int = 0, form: Form) {
        ShapeCheck.require(
            form == .learned || size % 4 == 0, "GridPositions", "size \(size) is no multiple of 4, as sines want it")
        (self.side, self.size, leadingCount) = (side, size, leading)
        table = form == .learned ? Parameter([1, leading + side * side, size], .normal(std: 0.02)) : nil
        fixed = form == .sinCos ? Self.waves(side, side, size) : nil
    }

    /// - Parameter tokens: `[N, rows columns, D]`, row by row.
    /// - Returns: the same shape.
    public func callAsFunction(_ tokens: Tensor, rows: Int, columns: Int) -> Tensor {
        ShapeCheck.require(
            tokens.rank == 3 && tokens.shape[1] == rows * columns && tokens.shape[2] == size, "GridPositions",
            "\(tokens.shape) for a grid of \(rows) x \(columns), size \(size)")
        return tokens + vectors(rows: rows, columns: columns)
    }

    /// The vectors of a grid, `[rows columns, D]`.
    public func vectors(rows: Int, columns: Int) -> Tensor {
        let isOwn = rows == side && columns == side
        guard let table = table?.value else {
            return isOwn ? fixed ?? Tensor(0) : Self.waves(rows, columns, size)
        }
        let own = table.reshaped([table.shape[1], size]).sliced(leadingCount..<table.shape[1], axis: 0)
        if isOwn { return own }
        let (y, x) = (Self.bicubic(from: side, to: rows), Self.bicubic(from: side, to: columns))
        let weights = (0..<rows * columns).flatMap { place in
            (0..<side * side).map { y[place / columns][$0 / side] * x[place % columns][$0 % side] }
        }
        return Tensor(weights, shape: [rows * columns, side * side]).matmul(own)
    }

    /// The vectors of the tokens before the grid, `[leading, D]`; nil where there are none, or they are zero.
    public var leading: Tensor? {
        guard leadingCount > 0, let table = table?.value else { return nil }
        return table.reshaped([table.shape[1], size]).sliced(0..<leadingCount, axis: 0)
    }

    /// For each of so many cells the weights of the original ones, with PyTorch's cubic (A = -0.75), centers aligned.
    private static func bicubic(from size: Int, to count: Int) -> [[Float]] {
        let a = -0.75
        func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        return (0..<count).map { cell in
            let center = (Double(cell) + 0.5) * Double(size) / Double(count) - 0.5
            let first = Int(center.rounded(.down)), t = center - Double(first)
            var row = [Float](repeating: 0, count: size)
            for (offset, weight) in zip(-1...2, [far(t + 1), near(t), near(1 - t), far(2 - t)]) {
                row[min(max(first + offset, 0), size - 1)] += Float(weight)
            }
            return row
        }
    }

    /// The fixed vectors of a grid, `[rows columns, D]`.
    /// - Parameter size: D, a multiple of 4.
    public static func waves(_ rows: Int, _ columns: Int, _ size: Int) -> Tensor {
        let quarter = size / 4
        let frequencies = (0..<quarter).map { pow(10000, -Double($0) / Double(quarter)) }
        var scalars: [Float] = []
        scalars.reserveCapacity(rows * columns * size)
        for row in 0..<rows {
            for column in 0..<columns {
                for place in [column, row] {
                    scalars += frequencies.map { Float(sin(Double(place) * $0)) }
                    scalars += frequencies.map { Float(cos(Double(place) * $0)) }
                }
            }
        }
        return Tensor(scalars, shape: [rows * columns, size])
    }
}
