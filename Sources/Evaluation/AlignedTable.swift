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

/// A number with a fixed count of decimals, of any size: from 1e12 on in scientific notation, "-" where it is not
/// finite.
enum DecimalText {
    static func text(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "-" }
        guard abs(value) < 1e12 else { return scientific(value) }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let rounded = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard decimals > 0 else { return sign + String(rounded) }
        let fraction = String(rounded % scale)
        return sign + "\(rounded / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// Four significant digits: `1.234e+24`.
    private static func scientific(_ value: Double) -> String {
        let parts = "\(abs(value))".split(separator: "e")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let point = parts[0].split(separator: ".")
        exponent += point[0].count - 1
        let digits = (point.joined() + "000").prefix(4)
        return (value < 0 ? "-" : "") + "\(digits.prefix(1)).\(digits.dropFirst())e+\(exponent)"
    }
}
