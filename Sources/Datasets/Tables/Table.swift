/// Rows of named fields, from a CSV or TSV file: a manifest of pictures and captions.
///
/// ```swift
/// let table = try Table(csv: "catalogue.tsv", separator: "\t", columns: ["filepath", "title"])
/// let (train, heldOut) = try table.split(by: Split(column: "filepath", modulo: 8))
/// for row in train { print(row.path("filepath"), row["title"]) }
/// ```
///
/// The file is read once and kept as bytes; a field becomes a `String` when it is asked for. A value: selections share the bytes.
public struct Table: RandomAccessCollection, Sendable {
    let contents: TableContents
    /// Rows of the contents that are selected; nil for all.
    private let selection: [Int32]?

    init(_ contents: TableContents, selection: [Int32]? = nil) {
        self.contents = contents
        self.selection = selection
    }

    /// Reads a table.
    ///
    /// A row with a wrong number of fields, invalid UTF-8, text after a closing quote or a required field that is empty is left
    /// out, counted and named in the log and in `badRows`. Empty lines are passed over; a byte order mark and CRLF line ends are
    /// understood.
    /// - Parameters:
    ///   - path: a UTF-8 file whose first line names the columns.
    ///   - separator: one ASCII character between fields.
    ///   - quoting: what `"` means.
    ///   - columns: columns that must be there, and be filled in, in every row.
    ///   - header: the columns' names where the file has no line for them.
    ///   - root: what `Row.path` sees relative paths from; nil for the folder that the file is in.
    ///   - badRowShare: the share of rows that may be bad, in `0...1`; up to eight bad rows are always let through if one is good.
    /// - Throws: `DatasetError`: unreadable, empty, in another encoding, a missing or doubled column, a quote never closed, no
    ///   rows, too many bad ones.
    public init(
        csv path: String, separator: Character = ",", quoting: Quoting = .standard, columns: [String] = [], header: [String]? = nil,
        root: String? = nil, badRowShare: Double = 0.1
    ) throws(DatasetError) {
        let dialect = try Dialect(separator: separator, quoting: quoting)
        let bytes = try FileBytes.reading(path)
        if let found = bytes.otherEncoding { throw .encoding(path: path, found: found) }
        guard bytes.count > bytes.markLength else { throw .emptyFile(path: path) }
        var reader = TableReader(path: path, bytes: bytes, dialect: dialect)
        let names: [String]
        if let header { names = header } else { names = try reader.header() }
        for column in columns where !names.contains(column) { throw .missingColumn(path: path, column: column, columns: names) }
        let rows = try reader.rows(columns: names, required: names.map(columns.contains))
        try rows.bad.check(path: path, good: rows.starts.count, share: badRowShare)
        guard !rows.starts.isEmpty else { throw .noRows(path: path) }
        self.init(
            TableContents(path: path, root: root ?? Paths.directory(of: path), columns: names, bytes: bytes, dialect: dialect, rows: rows))
    }

    /// The file, or the folder of a listing.
    public var path: String { contents.path }
    /// The columns' names, in the file's order.
    public var columns: [String] { contents.columns }
    /// What was left out when the table was read.
    public var badRows: BadRows { contents.badRows }

    public var startIndex: Int { 0 }
    public var endIndex: Int { selection?.count ?? contents.starts.count }
    public subscript(position: Int) -> Row {
        Row(contents: contents, number: selection.map { Int($0[position]) } ?? position)
    }

    /// - Throws: `DatasetError.missingColumn` for the first that is not there, with the nearest that is.
    public func require(columns names: [String]) throws(DatasetError) {
        for name in names where !contents.hasColumn(name) { throw .missingColumn(path: path, column: name, columns: columns) }
    }

    /// The rows that satisfy a condition, in order.
    public func rows(where condition: (Row) throws -> Bool) rethrows -> Table {
        try Table(contents, selection: indices.filter { try condition(self[$0]) }.map { Int32(self[$0].number) })
    }

    /// The rows that satisfy a condition held out, the others to train on.
    public func split(where isHeldOut: (Row) throws -> Bool) rethrows -> (train: Table, heldOut: Table) {
        var train: [Int32] = [], heldOut: [Int32] = []
        for row in self {
            if try isHeldOut(row) { heldOut.append(Int32(row.number)) } else { train.append(Int32(row.number)) }
        }
        return (Table(contents, selection: train), Table(contents, selection: heldOut))
    }
}
