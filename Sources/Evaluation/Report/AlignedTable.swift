/// Rows of text cells in columns that never touch: the first column left aligned, the others right aligned.
package struct AlignedTable {
    private var rows: [[String]] = []

    package init() {}

    package mutating func append(_ head: String, _ cells: [String]) { rows.append([head] + cells) }

    /// - Parameters:
    ///   - head: least width of the first column.
    ///   - cell: least width of the others, the gap of two included; of a table that would be wider than `width`, as
    ///     narrow as its text.
    package func lines(head: Int = 24, cell: Int = 12, width: Int = 99) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let longest = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        func widths(_ cell: Int) -> [Int] {
            longest.enumerated().map { $0 == 0 ? max(head, $1) : max(cell, $1 + 2) }
        }
        let loose = widths(cell), widths = loose.reduce(0, +) > width ? widths(0) : loose
        return rows.map { row in
            row.enumerated().map { column, text in
                let fill = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + fill : fill + text
            }.joined()
        }
    }
}
