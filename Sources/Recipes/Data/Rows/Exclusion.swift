import ConcordDatasets
import ConcordFiles

/// What `data.exclude` leaves out of the rows to train and to evaluate on.
///
/// The file has a name on each line: a file's path as seen from the data directory, an id, or a row's place
/// (`pairs.tsv:17`). Empty lines and lines that begin with `#` are passed over.
struct Exclusion: Sendable {
    /// The list, as errors name it.
    let path: String
    private let root: String
    /// Canonical names, with the line of each.
    private let names: [String: (name: String, line: Int)]
    private var found: Set<String> = []
    /// Rows that were left out.
    private(set) var rowCount = 0

    /// - Parameters:
    ///   - file: relative to the data directory.
    ///   - root: the data directory.
    /// - Throws: `RecipeError` where it cannot be read.
    init(_ file: String, root: String) throws {
        (path, self.root) = (Paths.join(root, file), root)
        guard PathEncoding.isThere(path) else {
            throw RecipeError.data(
                message: "data.exclude: \(path): no such file; a list of rows to leave out is wanted")
        }
        var names: [String: (name: String, line: Int)] = [:]
        do {
            let lines = try TextLines(path)
            for (place, line) in lines.enumerated() where !line.hasPrefix("#") {
                names[CanonicalPath.of(Paths.join(root, line))] = (line, lines.line(of: place))
            }
        } catch DatasetError.emptyFile {
            // Nothing is left out.
        } catch { throw RecipeError.data(message: "data.exclude: \(error)") }
        self.names = names
    }

    /// The rows that the list does not name.
    mutating func removed(from table: Table, _ settings: DataSettings) -> Table {
        guard !names.isEmpty else { return table }
        var found = found, count = 0
        let rest = table.rows { row in
            var isNamed = false
            for name in Self.names(of: row, settings, root: root) where names[name] != nil {
                found.insert(name)
                isNamed = true
            }
            count += isNamed ? 1 : 0
            return !isNamed
        }
        self.found = found
        rowCount += count
        return rest
    }

    /// All that a row may be named by.
    private static func names(of row: Row, _ settings: DataSettings, root: String) -> [String] {
        var result = [CanonicalPath.of(row.place)]
        for (input, column) in settings.columns {
            if input.kind.isFile {
                if !row[column].isEmpty { result.append(CanonicalPath.of(row.path(column))) }
            } else if input.kind == .id, !row[column].isEmpty {
                result.append(CanonicalPath.of(Paths.join(root, row[column])))
            }
        }
        return result
    }

    /// Names that no row has, in the order of their lines.
    var unknown: [(name: String, line: Int)] {
        names.filter { !found.contains($0.key) }.map(\.value).sorted { $0.line < $1.line }
    }

    /// - Throws: `RecipeError` with the first name that no row has.
    func requireKnownNames() throws {
        guard let first = unknown.first else { return }
        let more = unknown.count > 1 ? ", as \(unknown.count - 1) more of its \(names.count) names" : ""
        throw RecipeError.data(
            message: "data.exclude: \(path):\(first.line): \"\(first.name)\" is no row of the data\(more); paths are "
                + "relative to the data directory, rows are TABLE:LINE")
    }

    /// What was left out, in a sentence.
    var notice: String {
        let missing = unknown.count
        return "data.exclude (\(path)) leaves out \(Counted.text(rowCount, "row"))"
            + (missing > 0 ? "; \(missing) of its \(Counted.text(names.count, "name")) \(missing == 1 ? "is" : "are") "
                + "no row of these data" : "")
    }
}

extension Optional<Exclusion> {
    /// All rows where there is no list.
    mutating func removed(from table: Table, _ settings: DataSettings) -> Table {
        self?.removed(from: table, settings) ?? table
    }
}
