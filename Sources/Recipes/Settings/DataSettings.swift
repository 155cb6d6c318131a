/// `data`: where the samples come from, relative to `--data`.
///
/// ```yaml
/// data:
///   kind: table                      # or folder: one sub-directory a class
///   path: catalogue.tsv
///   columns: {image: filepath, text: title}
///   labels: [category]
///   split: {column: filepath, modulo: 8, remainder: 0}
/// ```
public struct DataSettings: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A CSV or TSV file, one sample a row.
        case table
        /// One sub-directory a class; its name is the label, and by `template` the text.
        case folder
    }

    public enum Separator: String, Sendable, CaseIterable { case tab, comma, semicolon }

    public enum Quoting: String, Sendable, CaseIterable {
        /// Double quotes around fields, doubled inside (RFC 4180).
        case standard
        /// Quotes are characters like others.
        case none
    }

    /// Rows whose crc32 of `column`, modulo `modulo`, is `remainder` are held out for evaluation.
    public struct Split: Sendable {
        public let column: String
        public let modulo, remainder: Int
    }

    public let kind: Kind
    /// The table's file or the folder, relative to the data directory; "." is the directory itself.
    public let path: String
    public let separator: Separator
    public let quoting: Quoting
    /// The column of the picture's path and of its text.
    public let imageColumn, textColumn: String
    /// Columns whose values are classes for zero-shot, k-NN and linear probes.
    public let labels: [String]
    /// The text of a folder's picture: its class in place of `{}`.
    public let template: String
    public let split: Split?
    /// Share of bad samples above which training stops.
    public let badShare: Double
    /// Decoded pictures are kept in memory up to this many MiB.
    public let cacheMebibytes: Int

    init(_ fields: Fields) throws {
        kind = try fields.choice("kind", default: Kind.table)
        path = try fields.string("path", default: kind == .table ? "pairs.tsv" : ".")
        let isComma = path.lowercased().hasSuffix(".csv")
        separator = try fields.choice("separator", default: isComma ? .comma : .tab)
        quoting = try fields.choice("quoting", default: isComma ? .standard : Quoting.none)
        let columns = try fields.fields("columns")
        imageColumn = try columns.string("image", default: "filepath")
        textColumn = try columns.string("text", default: "title")
        labels = try fields.strings("labels", default: kind == .folder ? ["label"] : [])
        template = try fields.string("template", default: "a photo of a {}")
        let split = try fields.fields("split")
        let modulo = try split.integer("modulo", default: 8, in: 0...1_000_000)
        let column = try split.string("column", default: imageColumn)
        let remainder = try split.integer("remainder", default: 0, in: 0...max(0, modulo - 1))
        self.split = modulo > 1 ? Split(column: column, modulo: modulo, remainder: remainder) : nil
        badShare = try fields.number("bad_share", default: 0.05, in: 0...1)
        cacheMebibytes = try fields.integer("cache_mib", default: 2048)
    }
}
