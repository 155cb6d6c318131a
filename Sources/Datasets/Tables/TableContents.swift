import ConcordFiles

/// A table's bytes and the positions of its rows in them; shared by every selection of its rows.
final class TableContents: Sendable {
    let path: String
    /// What relative paths in fields are seen from.
    let root: String
    let columns: [String]
    /// The column that names a row better than file and line do.
    let placeColumn: String?
    let badRows: BadRows
    let starts: [Int], ends: [Int], lines: [Int32]
    private let bytes: FileBytes
    private let dialect: Dialect
    private let places: [String: Int]
    let files: FileNames

    init(
        path: String, root: String, columns: [String], placeColumn: String? = nil, bytes: FileBytes, dialect: Dialect,
        rows: RowIndex
    ) {
        self.path = path
        self.root = root
        self.columns = columns
        self.placeColumn = placeColumn
        self.bytes = bytes
        self.dialect = dialect
        (starts, ends, lines, badRows) = (rows.starts, rows.ends, rows.lines, rows.bad)
        files = FileNames(root: root)
        places = Dictionary(zip(columns, columns.indices), uniquingKeysWith: { first, _ in first })
    }

    func hasColumn(_ name: String) -> Bool { places[name] != nil }

    /// A field's text, nil where there is no such column.
    func text(row: Int, column: String) -> String? {
        guard var place = places[column] else { return nil }
        var field = dialect.field(in: bytes.base, from: starts[row], limit: ends[row])
        while place > 0 {
            guard field.next < ends[row] else { return "" }  // of JSON lines, a row may lack the last columns
            field = dialect.field(in: bytes.base, from: field.next + 1, limit: ends[row])
            place -= 1
        }
        return dialect.text(of: field, in: bytes)
    }

    /// A table made of fields in memory: a listing of files.
    convenience init(listing path: String, columns: [String], placeColumn: String, rows: [[String]], bad: BadRows) {
        var written = WrittenRows()
        written.index.bad = bad
        for (number, row) in rows.enumerated() { written.append(row, line: number + 1) }
        self.init(path: path, root: path, columns: columns, placeColumn: placeColumn, rows: written)
    }

    convenience init(path: String, root: String, columns: [String], placeColumn: String? = nil, rows: WrittenRows) {
        self.init(
            path: path, root: root, columns: columns, placeColumn: placeColumn, bytes: FileBytes(rows.bytes),
            dialect: WrittenRows.dialect, rows: rows.index)
    }
}

/// Rows that come from elsewhere than a CSV file, as the bytes of one.
struct WrittenRows {
    static let dialect = Dialect(separator: UInt8(ascii: "\t"), quoting: .standard)

    private(set) var bytes: [UInt8] = []
    var index = RowIndex()

    mutating func append(_ fields: [String], line: Int) {
        let start = bytes.count
        for (place, field) in fields.enumerated() {
            if place > 0 { bytes.append(Self.dialect.separator) }
            bytes += Self.dialect.written(field)
        }
        index.append(start..<bytes.count, line: line)
    }
}

/// Positions of the good rows, and what was wrong with the others.
struct RowIndex {
    var starts: [Int] = [], ends: [Int] = [], lines: [Int32] = []
    var bad = BadRows()

    mutating func append(_ range: Range<Int>, line: Int) {
        starts.append(range.lowerBound)
        ends.append(range.upperBound)
        lines.append(Int32(truncatingIfNeeded: line))
    }
}
