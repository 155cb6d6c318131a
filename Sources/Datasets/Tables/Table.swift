import ConcordFiles
import ConcordTensors

/// Rows of named fields, from a CSV, TSV or JSON-lines file: a manifest of images and captions.
///
/// ```swift
/// let table = try Table(csv: "catalogue.tsv", separator: "\t", columns: ["filepath", "title"])
/// let (train, heldOut) = try table.split(by: Split(column: "filepath", modulo: 8))
/// for row in train { print(row.path("filepath"), row["title"]) }
/// ```
///
/// The file is read once and kept as bytes; a field becomes a `String` when it is asked for. A value: selections share
/// the bytes.
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
    /// A row with a wrong number of fields, invalid UTF-8, text after a closing quote or a required field that is empty
    /// is left out, counted and named in the log and in `badRows`. Empty lines are passed over; a byte order mark, and
    /// CRLF and CR line ends are understood; white space around the columns' names is none of the names.
    /// - Parameters:
    ///   - path: a UTF-8 file whose first line names the columns.
    ///   - separator: one ASCII character between fields.
    ///   - quoting: what `"` means.
    ///   - columns: columns that must be there, and be filled in, in every row.
    ///   - header: the columns' names where the file has no line for them.
    ///   - root: what `Row.path` sees relative paths from; nil for the folder that the file is in.
    ///   - badRowFraction: the fraction of rows that may be bad, in `0...1`; up to eight bad rows are always let
    ///     through if one is good.
    /// - Throws: `DatasetError`: unreadable, empty, in another encoding, a missing or doubled column, a quote never
    ///   closed, no rows, too many bad ones.
    public init(
        csv path: String, separator: Character = ",", quoting: Quoting = .standard, columns: [String] = [],
        header: [String]? = nil,
        root: String? = nil, badRowFraction: Double = 0.1
    ) throws(DatasetError) {
        let wanted = try Dialect(separator: separator, quoting: quoting)
        let bytes = try FileBytes.readingText(path)
        guard bytes.count > bytes.markLength else { throw .emptyFile(path: path) }
        let dialect = wanted.fitted(to: bytes)
        var reader = TableReader(path: path, bytes: bytes, dialect: dialect)
        let names: [String]
        if let header { names = header } else { names = try reader.header() }
        if header == nil { try Self.requireHeader(names, columns: columns, path: path, root: root) }
        for column in columns where !names.contains(column) {
            throw .missingColumn(path: path, column: column, columns: names)
        }
        let rows = try reader.rows(columns: names, required: names.map(columns.contains))
        try rows.bad.check(path: path, good: rows.starts.count, fraction: badRowFraction)
        guard !rows.starts.isEmpty else { throw .noRows(path: path) }
        self.init(
            TableContents(
                path: path, root: root ?? Paths.directory(of: path), columns: names, bytes: bytes, dialect: dialect,
                rows: rows))
    }

    /// A listing made in memory.
    /// - Parameters:
    ///   - name: what messages call it.
    ///   - columns: their names; the first names a row in messages.
    ///   - rows: as many fields each as there are columns.
    public init(listing name: String, columns: [String], rows: [[String]]) {
        ShapeCheck.require(
            !columns.isEmpty && rows.allSatisfy { $0.count == columns.count }, "Table",
            "rows of other than \(columns.count) fields")
        self.init(
            TableContents(listing: name, columns: columns, placeColumn: columns[0], rows: rows, bad: BadRows()))
    }

    /// Reads JSON lines: an object a line, whose keys are the columns.
    ///
    /// A column is there if any row has its key, in the order in which keys come up. Texts and numbers are fields as
    /// they are written; a missing key and `null` are an empty field. Other values (`true`, lists, objects) are kept as
    /// JSON in columns that nobody requires. A row that is no object, gives a key twice, or has nothing, or such a
    /// value, in a required column is left out, counted and named as a bad row of a CSV file is.
    /// - Parameters: as for CSV files.
    /// - Throws: `DatasetError`: unreadable, empty, in another encoding, one JSON document over many lines, a missing
    ///   column, no rows, too many bad ones.
    public init(
        jsonLines path: String, columns: [String] = [], root: String? = nil, badRowFraction: Double = 0.1
    ) throws(DatasetError) {
        let bytes = try FileBytes.readingText(path)
        guard bytes.count > bytes.markLength else { throw .emptyFile(path: path) }
        let lines = try JSONLines(bytes, path: path, required: columns)
        let good = lines.rows.index.starts.count
        // Where a column is in no row, that is what is wrong, and not every row.
        for column in columns where !lines.columns.contains(column) && !lines.columns.isEmpty {
            throw .missingColumn(path: path, column: column, columns: lines.columns)
        }
        try lines.rows.index.bad.check(path: path, good: good, fraction: badRowFraction)
        guard good > 0 else { throw .noRows(path: path) }
        self.init(
            TableContents(path: path, root: root ?? Paths.directory(of: path), columns: lines.columns, rows: lines.rows)
        )
    }

    /// Whether a file is JSON lines: by its ending (`.jsonl`, `.ndjson`), or because it begins with an object, as no
    /// CSV file does.
    public static func isJSONLines(_ path: String) -> Bool {
        if ["jsonl", "ndjson"].contains(Paths.fileExtension(of: path)) { return true }
        guard let file = try? RegularFile(reading: path), let head = try? file.bytes(at: 0, count: 4096) else {
            return false
        }
        let text = head.withoutByteOrderMark.drop { $0 <= 0x20 }
        return text.first == UInt8(ascii: "{") && text.dropFirst().drop { $0 <= 0x20 }.first == UInt8(ascii: "\"")
    }

    /// - Throws: `DatasetError.missingHeader` where the first line has none of the columns and a value that is no name
    ///   of one.
    private static func requireHeader(
        _ names: [String], columns: [String], path: String, root: String?
    ) throws(DatasetError) {
        guard !columns.isEmpty, !names.contains(where: columns.contains) else { return }
        let media = MediaFile.endings(of: .image).union(MediaFile.endings(of: .sound)),
            folder = root ?? Paths.directory(of: path)
        guard
            names.contains(where: {
                media.contains(Paths.fileExtension(of: $0)) || FileIdentity(ofFile: Paths.join(folder, $0)) != nil
            })
        else { return }
        throw .missingHeader(path: path, columns: columns, first: names)
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
        for name in names where !contents.hasColumn(name) {
            throw .missingColumn(path: path, column: name, columns: columns)
        }
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
