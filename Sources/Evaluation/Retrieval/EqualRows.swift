import ConcordTensors

/// Which rows of a matrix hold the same bits: their products with one vector may still differ by rounding, by their
/// place in a tile.
struct EqualRows {
    /// Rows that equal an earlier one, with the first of those.
    let repeated: [(row: Int, first: Int)]

    init(_ matrix: Tensor) {
        let count = matrix.shape[0], width = matrix.shape[1]
        let elements = matrix.scalars
        var seen: [[UInt32]: Int] = [:], repeated: [(row: Int, first: Int)] = []
        for row in 0..<count {
            let bits = elements[row * width..<(row + 1) * width].map(\.bitPattern)
            if let first = seen[bits] { repeated.append((row, first)) } else { seen[bits] = row }
        }
        self.repeated = repeated
    }

    /// Scores of all rows, equal ones of equal rows.
    func scores(_ scores: UnsafeBufferPointer<Float>) -> [Float] {
        var own = Array(scores)
        for (row, first) in repeated { own[row] = own[first] }
        return own
    }
}
