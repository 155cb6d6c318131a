import ConcordDatasets
import ConcordEvaluation

/// What rows have of each input and label.
extension SampleTable {
    /// The column of an input.
    func column(_ input: RecipeInput) -> String { settings.columns[input] ?? "" }

    /// A row's file of an input; nil where it has none.
    func path(_ input: RecipeInput, of row: Row) -> String? {
        guard input.kind.isFile, let column = settings.columns[input] else { return nil }
        return settings.columns.count > 2 && row[column].isEmpty ? nil : row.path(column)
    }

    /// The part of its recording that a row is; nil for all of it.
    func segment(_ input: RecipeInput, of row: Row) -> MediaSegment? {
        guard let columns = settings.segments[input] else { return nil }
        // Every row's was checked when the table was read.
        return (try? row.segment(start: columns.start, end: columns.end)) ?? nil
    }

    /// What a row has of an input: the canonical path of its file (and the segment of it), its text or its id. Rows
    /// that share it share an item.
    func part(_ input: RecipeInput, of row: Row) -> String? {
        guard input.kind.isFile else { return field(input, of: row) }
        guard let file = path(input, of: row).map(CanonicalPath.of) else { return nil }
        guard let segment = segment(input, of: row) else { return file }
        return "\(file) \(segment)"
    }

    /// A row's text of an input, by the template where the data are a folder, or its id. Nil for an empty id, and of
    /// three inputs for an empty text.
    func field(_ input: RecipeInput, of row: Row) -> String? {
        guard !input.kind.isFile, let column = settings.columns[input] else { return nil }
        if row[column].isEmpty, input.kind == .id || settings.columns.count > 2 { return nil }
        guard input.kind == .text else { return row[column] }
        let value = value(column, of: row)
        guard settings.kind == .folder else { return value }
        return settings.template.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: value)
    }

    /// All texts of some rows, input by input.
    func texts(of rows: Table) -> [String] {
        settings.inputs.filter { $0.kind == .text }.flatMap { input in
            rows.compactMap { field(input, of: $0) }
        }
    }

    /// The inputs that are files.
    var files: [RecipeInput] { settings.inputs.filter(\.kind.isFile) }

    /// A row's value in a column, in the recipe's words.
    func value(_ column: String, of row: Row) -> String {
        let value = row[column]
        return settings.rename[column]?[value] ?? value
    }

    /// The names of a label's classes among the training rows, in the recipe's words.
    func classes(_ label: String) throws -> ClassNames {
        renamed(try ClassNames(of: allTrain, column: label).withoutBlank, label)
    }

    /// The names of a label's classes among all rows.
    func allClasses(_ label: String) throws -> ClassNames {
        let values = try ClassNames(of: allTrain, column: label).names + ClassNames(of: heldOut, column: label).names
        let sorted = Set(values).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return renamed(ClassNames(sorted).withoutBlank, label)
    }

    /// Held-out rows that name a file of a training row.
    var heldOutRowsOfTrainedFiles: Int {
        guard isSplit, settings.split?.last == nil else { return 0 }
        func files(of row: Row) -> [String] {
            self.files.compactMap { path($0, of: row).map(CanonicalPath.of) }
        }
        let trained = Set(train.lazy.flatMap(files))
        return heldOut.count { files(of: $0).contains(where: trained.contains) }
    }

    private func renamed(_ names: ClassNames, _ label: String) -> ClassNames {
        guard let words = settings.rename[label] else { return names }
        return ClassNames(names.names.map { words[$0] ?? $0 })
    }
}

extension ClassNames {
    /// Without the empty field, which is no class.
    fileprivate var withoutBlank: ClassNames { ClassNames(names.filter { !$0.isBlank }) }
}
