/// Rows of text cells in columns that never touch: the first column left aligned, the others right aligned.
struct AlignedTable {
    private var rows: [[String]] = []

    mutating func append(_ head: String, _ cells: [String]) { rows.append([head] + cells) }

    /// - Parameters:
    ///   - head: least width of the first column.
    ///   - cell: least width of the others, the gap of two included.
    func lines(head: Int = 24, cell: Int = 12) -> [String] {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            let longest = rows.reduce(0) { max($0, column < $1.count ? $1[column].count : 0) }
            return column == 0 ? max(head, longest) : max(cell, longest + 2)
        }
        return rows.map { row in
            row.enumerated().map { column, text in
                let fill = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + fill : fill + text
            }.joined()
        }
    }
}
