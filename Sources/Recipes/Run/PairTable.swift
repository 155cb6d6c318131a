import ConcordDatasets

/// The rows that a recipe's `data` names: which to train on, which are held out, and where each row's picture, text and labels are.
struct PairTable: Sendable {
    let train, heldOut: Table
    private let settings: DataSettings
    /// A number for each distinct text.
    private let textNumbers: [String: Int32]

    /// - Parameter root: the directory that `data.path` starts from.
    /// - Throws: `DatasetError` or `RecipeError`, naming the file, line or key.
    init(_ settings: DataSettings, root: String) throws {
        self.settings = settings
        let path = settings.path == "." ? root : Self.join(root, settings.path)
        let table: Table
        switch settings.kind {
        case .table:
            let separators: [DataSettings.Separator: Character] = [.tab: "\t", .comma: ",", .semicolon: ";"]
            table = try Table(
                csv: path, separator: separators[settings.separator, default: "\t"],
                quoting: settings.quoting == .none ? .none : .standard, columns: [settings.imageColumn] + settings.labels)
            try table.require(columns: [settings.textColumn])
        case .folder: table = try ImageFolder(path).table
        }
        if let split = settings.split {
            (train, heldOut) = try table.split(by: Split(column: split.column, modulo: split.modulo, remainder: split.remainder))
            if heldOut.isEmpty || train.isEmpty {
                throw RecipeError.data(
                    message: "\(path): data.split leaves \(train.count) rows to train on and \(heldOut.count) held out; another column or modulo")
            }
        } else {
            (train, heldOut) = (table, table)
        }
        var numbers: [String: Int32] = [:]
        for row in table {
            let text = Self.text(of: row, settings)
            if numbers[text] == nil { numbers[text] = Int32(numbers.count) }
        }
        textNumbers = numbers
    }

    /// The column that holds pictures' paths.
    var imageColumn: String { settings.kind == .folder ? "filepath" : settings.imageColumn }

    func text(of row: Row) -> String { Self.text(of: row, settings) }

    /// Equal for rows of equal text.
    func textNumber(of row: Row) -> Int32 { textNumbers[text(of: row)] ?? -1 }

    private static func text(of row: Row, _ settings: DataSettings) -> String {
        guard settings.kind == .folder else { return row[settings.textColumn] }
        return settings.template.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: row["label"])
    }

    static func join(_ folder: String, _ path: String) -> String {
        path.hasPrefix("/") ? path : folder.hasSuffix("/") ? folder + path : folder + "/" + path
    }
}
