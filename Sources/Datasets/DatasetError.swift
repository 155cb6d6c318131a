import ConcordFiles
import ConcordLayers

/// What can be wrong with the data that a user gives.
public enum DatasetError: Error, Equatable {
    /// The file or folder cannot be opened or read.
    case unreadable(path: String, reason: String)
    /// The file has no contents, or none but a byte-order mark or white space.
    case emptyFile(path: String)
    /// The file is no UTF-8 text but another encoding, compressed, or of another kind; and the command that makes it
    /// UTF-8 text.
    case encoding(path: String, found: String, remedy: String)
    /// A separator that no table can have.
    case separator(String)
    /// The table has no column of that name.
    case missingColumn(path: String, column: String, columns: [String])
    /// The first line has no column's name but what looks like a row.
    case missingHeader(path: String, columns: [String], first: [String])
    /// Two columns have one name.
    case duplicateColumn(path: String, column: String)
    /// A field starts with a quote that nothing closes, in the line given.
    case openQuote(path: String, line: Int)
    /// The table has a header and nothing else.
    case noRows(path: String)
    /// More rows are unusable than are tolerated; the first few with their reasons.
    case tooManyBadRows(path: String, bad: Int, rows: Int, examples: [String])
    /// A field is not a whole number.
    case notAnInteger(place: String, column: String, value: String)
    /// A row's start and end are no segment of its recording.
    case segment(place: String, reason: String)
    /// A folder has none of the files that are wanted.
    case emptyFolder(path: String, wanted: String)
    /// A folder of classes has no folder inside.
    case noClassFolders(path: String, kind: String)
    /// A pattern of file names is faulty.
    case pattern(String, reason: String)
    /// No file matches the pattern; one that is there as an example.
    case unmatchedPattern(String, path: String, example: String)
    /// A rule of held-out rows cannot hold.
    case split(column: String, reason: String)
    /// The name is none of the classes.
    case unknownClass(String, classes: [String])
    /// A fraction of the distinct samples tried so far is bad, and it is above the limit.
    case tooManyBadSamples(fraction: Double, limit: Double, bad: Int, tried: Int, examples: [String])
    /// No replacement for a bad sample was good.
    case noGoodSample(name: String, attempts: Int, reason: String)
    /// There are fewer samples than one batch takes.
    case tooFewSamples(count: Int, batch: Int)
    /// No stream of clips is as long as a window; lengths in samples.
    case noWindows(window: Int, rate: Int, longest: Int, streams: Int)
    /// A text has fewer tokens than one block.
    case shortText(path: String, tokens: Int, block: Int)
}

extension DatasetError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path): \(reason)"
        case .emptyFile(let path): "\(path): the file is empty"
        case .encoding(let path, let found, let remedy): "\(path): the file is \(found); \(remedy)"
        case .separator(let text):
            """
            separator \"\(text)\": one ASCII character wanted that is no quote, letter, digit or line end, such as \
            \",\" or a tab
            """
        case .missingColumn(let path, let column, let columns):
            Self.missingColumn(column, among: columns, in: path)
        case .missingHeader(let path, let columns, let first):
            "\(path):1: the file has no header: its first line is \(Self.list(first)), without a column "
                + "\(Self.list(columns)); put a line with the names of the columns above it"
        case .duplicateColumn(let path, let column): "\(path):1: column \"\(column)\" appears twice in the header"
        case .openQuote(let path, let line):
            "\(path):\(line): a quote opened here is never closed; close it, or read quotes as characters "
                + "(data.quoting: none)"
        case .noRows(let path): "\(path): a header but no rows"
        case .tooManyBadRows(let path, let bad, let rows, let examples):
            "\(path): \(bad) of \(rows) rows are bad: wrong separator (data.separator) or quoting (data.quoting)? "
                + examples.joined(separator: "; ")
        case .notAnInteger(let place, let column, let value):
            "\(place): column \"\(column)\" is \"\(value)\", a whole number wanted"
        case .segment(let place, let reason): "\(place): \(reason)"
        case .emptyFolder(let path, let wanted): "\(path): no \(wanted) in this folder"
        case .noClassFolders(let path, let kind):
            "\(path): no folder inside; \(kind)s of each class belong in a folder named after it"
        case .pattern(let pattern, let reason): "pattern \"\(pattern)\": \(reason)"
        case .unmatchedPattern(let pattern, let path, let example):
            "\(path): no file matches \"\(pattern)\" (data.pattern); a file there is \"\(example)\""
        case .split(let column, let reason): "split by \"\(column)\": \(reason)"
        case .unknownClass(let name, let classes):
            "no class \"\(name)\"\(NearestName.hint(for: name, among: classes)); the classes are \(Self.list(classes))"
        case .tooManyBadSamples(let fraction, let limit, let bad, let tried, let examples):
            (bad == tried
                ? (bad == 1 ? "" : "all \(bad) samples tried are unreadable: ")
                : "\(bad) of \(tried) samples tried are unreadable, \(Self.percent(fraction)) where "
                    + "\(Self.percent(limit)) may be: ")
                + examples.joined(separator: "; ")
        case .noGoodSample(let name, let attempts, let reason):
            "no readable sample in \(attempts) draws in place of \(name): \(reason)"
        case .shortText(let path, let tokens, let block):
            "\(path): \(tokens) tokens do not fill a block of \(block); make blocks shorter (model.text.context) or "
                + "give more text"
        case .tooFewSamples(let count, let batch):
            count == 0
                ? "there are no samples"
                : """
                \(count) \(count == 1 ? "sample does" : "samples do") not fill a batch of \(batch); make the batch \
                smaller (batch)
                """
        case .noWindows(let window, let rate, let longest, let streams):
            "no window of \(window) samples fits: the longest of \(streams) \(streams == 1 ? "stream" : "streams") has "
                + "\(longest) at "
                + "\(rate) a second; shorten the window (views.audio.seconds) or join clips (data.group)"
        }
    }

    private static func missingColumn(_ column: String, among columns: [String], in path: String) -> String {
        let fault = "\(path): no column \"\(column)\""
        if let other = columns.first(where: { $0.lowercased() == column.lowercased() }) {
            return fault
                + "; the header has \"\(other)\", and case matters: name it so (data.columns), or change the header"
        }
        let separators: [(sign: Character, name: String)] = [
            (";", "semicolon"), ("\t", "tab"), (",", "comma"), ("|", "pipe"),
        ]
        if columns.count == 1, let other = separators.first(where: { columns[0].contains($0.sign) }) {
            return fault
                + """
                ; the header is one column, \(list(columns)): fields seem to be separated otherwise \
                (data.separator: \(other.name))
                """
        }
        return fault + "\(NearestName.hint(for: column, among: columns)); the columns are \(list(columns))"
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(24).map { "\"\($0.replacing("\t", with: "\\t"))\"" }.joined(separator: ", ")
            + (names.count > 24 ? ", … (\(names.count))" : "")
    }

    private static func percent(_ fraction: Double) -> String { "\((fraction * 1000).rounded() / 10) %" }
}
