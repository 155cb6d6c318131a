import ConcordTensors

/// The best one-to-one assignment of rows to columns.
///
/// ```swift
/// let columns = LinearAssignment.maximum([[1, 5], [4, 6], [0, 0]])            // [1, 0, nil], a sum of 9
/// ```
public enum LinearAssignment {
    /// For each row its column, so that the sum of `weights` is the largest.
    ///
    /// Rectangular: where there are more rows than columns, some rows have none, and the other way round.
    ///
    /// - Parameter weights: finite, rows of equal length.
    /// - Returns: as many as rows; nil for a row without a column.
    /// - Source: Kuhn 1955, "The Hungarian method for the assignment problem", with potentials and shortest augmenting
    ///   paths (Jonker, Volgenant 1987), in `O(min(n, m)^2 max(n, m))`; scipy's `linear_sum_assignment` finds the same
    ///   sum.
    public static func maximum(_ weights: [[Double]]) -> [Int?] {
        let rows = weights.count, columns = weights.first?.count ?? 0
        ShapeCheck.require(
            weights.allSatisfy { $0.count == columns && $0.allSatisfy(\.isFinite) }, "LinearAssignment",
            "\(rows) rows of finite weights and equal length wanted")
        guard columns > 0 else { return [Int?](repeating: nil, count: rows) }
        guard rows > columns else { return assigned(weights.map { $0.map { -$0 } }, columns) }
        let transposed = (0..<columns).map { column in weights.map { -$0[column] } }
        var result = [Int?](repeating: nil, count: rows)
        for (column, row) in assigned(transposed, rows).enumerated() { if let row { result[row] = column } }
        return result
    }

    /// The assignment of least cost, of no more rows than columns.
    private static func assigned(_ costs: [[Double]], _ columns: Int) -> [Int?] {
        // Columns are 1 ... m; column 0 holds the row that is to be assigned. Rows are 1 ... n.
        var u = [Double](repeating: 0, count: costs.count + 1), v = [Double](repeating: 0, count: columns + 1)
        var owner = [Int](repeating: 0, count: columns + 1), previous = owner
        for row in costs.indices {
            owner[0] = row + 1
            var least = [Double](repeating: .infinity, count: columns + 1)
            var isVisited = [Bool](repeating: false, count: columns + 1)
            var column = 0
            repeat {
                isVisited[column] = true
                let current = owner[column]
                var step = Double.infinity, next = 0
                for j in 1...columns where !isVisited[j] {
                    let reduced = costs[current - 1][j - 1] - u[current] - v[j]
                    if reduced < least[j] {
                        least[j] = reduced
                        previous[j] = column
                    }
                    if least[j] < step {
                        step = least[j]
                        next = j
                    }
                }
                for j in 0...columns {
                    if isVisited[j] {
                        u[owner[j]] += step
                        v[j] -= step
                    } else {
                        least[j] -= step
                    }
                }
                column = next
            } while owner[column] != 0
            while column != 0 {
                owner[column] = owner[previous[column]]
                column = previous[column]
            }
        }
        var result = [Int?](repeating: nil, count: costs.count)
        for j in 1...columns where owner[j] > 0 { result[owner[j] - 1] = j - 1 }
        return result
    }
}
