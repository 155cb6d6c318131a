import ConcordDatasets

/// The rows that a recipe's `data` names: which to train on, which are held out, and where each row's parts and labels are.
struct SampleTable: Sendable {
    let train, heldOut: Table
    private let settings: DataSettings
    /// A number for each distinct text.
    private let textNumbers: [String: Int32]

    /// - Parameter root: the directory that `data.path` starts from.
    /// - Throws: `DatasetError` or `RecipeError`, naming the file, line or key.
    init(_ settings: DataSettings, root: String) throws {
        self.settings = settings
        let path = settings.path == "." ? root : Paths.join(root, settings.path)
        let table = try Self.read(settings, path: path)
        try table.require(columns: settings.columns.values.sorted() + settings.rename.keys.sorted() + [settings.group].compactMap { $0 })
        if let split = settings.split {
            let rule =
                split.values.isEmpty
                ? Split(column: split.column, modulo: split.modulo, remainder: split.remainder)
                : Split(column: split.column, values: split.values)
            (train, heldOut) = try table.split(by: rule)
            if heldOut.isEmpty || train.isEmpty {
                throw RecipeError.data(
                    message:
                        "\(path): data.split leaves \(train.count) rows to train on and \(heldOut.count) held out; another column or rule")
            }
        } else {
            (train, heldOut) = (table, table)
        }
        var numbers: [String: Int32] = [:]
        if settings.columns[.text] != nil {
            for row in table {
                let text = Self.text(of: row, settings)
                if numbers[text] == nil { numbers[text] = Int32(numbers.count) }
            }
        }
        textNumbers = numbers
    }

    private static func read(_ settings: DataSettings, path: String) throws -> Table {
        switch settings.kind {
        case .table:
            let separators: [DataSettings.Separator: Character] = [.tab: "\t", .comma: ",", .semicolon: ";"]
            // With two modalities a sample has both; of three it may lack one.
            let wanted = settings.columns.count > 2 ? [] : settings.columns.values.sorted()
            return try Table(
                csv: path, separator: separators[settings.separator, default: "\t"],
                quoting: settings.quoting == .none ? .none : .standard, columns: wanted + settings.labels
            )
        case .folder:
            return settings.columns[.audio] == nil
                ? try ImageFolder(path).table : try SoundFolder(path).table
        case .files: return try FileListing(path, pattern: settings.pattern).table
        case .text: throw RecipeError.data(message: "\(path): running text has no rows")
        }
    }

    /// The column of a modality's files.
    func column(_ modality: Modality) -> String { settings.columns[modality] ?? "" }

    /// A row's file of a modality; nil where it has none.
    func path(_ modality: Modality, of row: Row) -> String? {
        guard let column = settings.columns[modality] else { return nil }
        return settings.columns.count > 2 && row[column].isEmpty ? nil : row.path(column)
    }

    func text(of row: Row) -> String { Self.text(of: row, settings) }

    /// Whether a row has a text: of three modalities it may lack one.
    func hasText(_ row: Row) -> Bool {
        guard let column = settings.columns[.text] else { return false }
        return settings.columns.count < 3 || !row[column].isEmpty
    }

    /// A row's value in a column, in the recipe's words.
    func value(_ column: String, of row: Row) -> String { Self.value(column, of: row, settings) }

    /// The names of a label's classes, in the recipe's words.
    func classes(_ label: String) throws -> ClassNames {
        let names = try ClassNames(of: train, column: label)
        guard let words = settings.rename[label] else { return names }
        return ClassNames(names.names.map { words[$0] ?? $0 })
    }

    /// Equal for rows of equal text.
    func textNumber(of row: Row) -> Int32 { textNumbers[text(of: row)] ?? -1 }

    private static func value(_ column: String, of row: Row, _ settings: DataSettings) -> String {
        let value = row[column]
        return settings.rename[column]?[value] ?? value
    }

    private static func text(of row: Row, _ settings: DataSettings) -> String {
        guard let column = settings.columns[.text] else { return "" }
        let value = value(column, of: row, settings)
        guard settings.kind == .folder else { return value }
        return settings.template.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: value)
    }
}
