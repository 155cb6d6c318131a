import ConcordDatasets

/// The column whose classes are learned, as numbers.
struct LearnedLabel: Sendable {
    private let column: String
    private let numbers: [String: Int32]

    init(_ column: String, _ names: [String]) {
        self.column = column
        numbers = Dictionary(zip(names, 0...)) { first, _ in first }
    }

    /// A row's class; -1 for a value that is none.
    func number(of row: Row, in table: SampleTable) -> Int32 { numbers[table.value(column, of: row)] ?? -1 }
}

extension SampleTable {
    /// The classes of the label that a recipe learns, with how many training rows have each; none where it learns none.
    func learnedClasses(_ recipe: Recipe) throws -> [String: LabelClasses] {
        guard let label = recipe.objective.needs.label else { return [:] }
        let names = try classes(label).names
        var counts: [String: Int] = [:]
        for row in train { counts[value(label, of: row), default: 0] += 1 }
        if let broken = names.first(where: { $0.contains(where: \.isNewline) }) {
            throw RecipeError.data(
                message: "label \(label): class \(broken.debugDescription) has a line end in its name; data.rename "
                    + "gives it another")
        }
        return [label: LabelClasses(names: names, counts: names.map { counts[$0, default: 0] })]
    }

    /// The number that a row has in a column; NaN for none.
    /// - Throws: `RecipeError` that names the row, where the field is no finite number.
    func number(_ column: String, of row: Row) throws -> Float {
        try number(of: value(column, of: row), in: column, at: row.place)
    }

    /// The number that a field is; NaN for an empty one.
    /// - Throws: `RecipeError` that names the column, where it is no finite number.
    func number(of field: String, in column: String, at place: String? = nil) throws -> Float {
        guard !field.isBlank else { return .nan }
        guard let number = Float(field.trimmed), number.isFinite else {
            throw RecipeError.data(
                message: "\(place.map { $0 + ": " } ?? "")column \"\(column)\" holds \(field.debugDescription), which "
                    + "is no number; leave it empty where there is none")
        }
        return number
    }

    /// The numbers that a recipe learns, one a training row, NaN for none; empty where it learns none.
    func targets(_ recipe: Recipe) throws -> [Float] {
        guard let target = recipe.objective.needs.target else { return [] }
        return try train.map { try number(target, of: $0) }
    }

    /// The table with those training rows alone that have what a recipe learns.
    func labeled(for recipe: Recipe) throws -> SampleTable {
        let needs = recipe.objective.needs
        guard let column = needs.label ?? needs.target else { return self }
        try train.require(columns: [column])
        let rows = train.rows { !$0[column].isBlank }
        guard !rows.isEmpty else {
            throw RecipeError.data(
                message: "column \"\(column)\" is empty in all \(Counted.text(train.count, "training row")) of "
                    + "\(train.path); there is nothing to learn")
        }
        return needs.takesUnlabeled ? self : training(onLabeled: rows)
    }
}

extension String {
    /// Whether it is empty, or white space alone.
    var isBlank: Bool { allSatisfy(\.isWhitespace) }

    /// Without white space at its ends.
    fileprivate var trimmed: String {
        var part = Substring(self)
        while part.first?.isWhitespace ?? false { part.removeFirst() }
        while part.last?.isWhitespace ?? false { part.removeLast() }
        return String(part)
    }
}
