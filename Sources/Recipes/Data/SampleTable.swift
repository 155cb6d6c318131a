import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

/// The rows that a recipe's `data` names: which to train on, which are held out, and where each row's parts and labels
/// are.
struct SampleTable: Sendable {
    private(set) var train: Table
    private(set) var heldOut: Table
    /// Rows kept from training to judge the model by; nil: none.
    private(set) var validation: Table?
    let rule: HeldOutRule
    /// Whether the training rows are others than the held-out ones: probes are fitted on the one and tried on the
    /// other.
    let isSplit: Bool
    let settings: DataSettings
    /// The training rows' ids of each input of ids.
    private(set) var ids: [RecipeInput: IDVocabulary]
    /// Files of a folder that are not trained on since they are in the held-out folder inside it.
    private(set) var nestedCount = 0
    /// What `data.exclude` left out; nil where it is not given.
    private(set) var exclusion: Exclusion?
    /// The training rows before some were chosen from them: their values are the classes.
    private let allTrain: Table
    /// Training rows that the subset was drawn from; nil where all are trained on.
    private(set) var subsetOf: Int?
    /// Classes that have fewer rows than the subset asks for.
    private(set) var shortClasses: [String] = []
    /// Training rows that are left out since they lack what is learned.
    private(set) var unlabeledCount = 0

    /// - Parameters:
    ///   - root: the directory that `data.path` starts from.
    ///   - choice: which rows are held out.
    /// - Throws: `DatasetError` or `RecipeError`, naming the file, line or key.
    init(_ settings: DataSettings, root: String, choice: RowChoice = .heldOut) throws {
        self.settings = settings
        let path = settings.path == "." ? root : Paths.join(root, settings.path)
        var exclusion = try settings.exclude.map { try Exclusion($0, root: root) }
        if settings.kind == .videos, let split = settings.split, let last = split.last, case .heldOut = choice {
            let parts = try VideoFolder.split(path, last: last)
            train = exclusion.removed(from: parts.train, settings)
            heldOut = exclusion.removed(from: parts.heldOut, settings)
            (isSplit, ids, allTrain, self.exclusion) = (true, [:], train, exclusion)
            rule = HeldOutRule(
                words: split.words, table: path, total: train.count + heldOut.count, heldOut: heldOut.count)
            if heldOut.isEmpty { throw Self.emptyPart(path, rule) }
            return
        }
        var table = try Self.read(settings, path: path)
        if case .all(let reason) = choice {
            table = exclusion.removed(from: table, settings)
            (train, heldOut, isSplit) = (table, table, false)
            rule = HeldOutRule(words: "all rows, \(reason)", table: path, total: table.count, heldOut: table.count)
        } else if let other = settings.heldOut {
            let otherPath = Paths.join(root, other)
            heldOut = exclusion.removed(from: try Self.read(settings, path: otherPath), settings)
            isSplit = true
            let outside = settings.kind == .table ? table : Self.outside(otherPath, table)
            nestedCount = table.count - outside.count
            train = exclusion.removed(from: outside, settings)
            let kind = settings.kind == .table ? "table" : "folder"
            rule = HeldOutRule(
                words: "being in the held-out \(kind) (data.held_out)", table: otherPath, total: heldOut.count,
                heldOut: heldOut.count)
        } else if let split = settings.split {
            table = exclusion.removed(from: table, settings)
            (train, heldOut) = try table.split(by: split.rule)
            isSplit = !train.isEmpty
            rule = HeldOutRule(words: split.words, table: path, total: table.count, heldOut: heldOut.count)
            if heldOut.isEmpty { throw Self.emptyPart(path, rule) }
        } else {
            table = exclusion.removed(from: table, settings)
            (train, heldOut, isSplit) = (table, table, false)
            rule = HeldOutRule(
                words: "all rows (data.split: none)", table: path, total: table.count, heldOut: table.count)
        }
        self.exclusion = exclusion
        let training = train
        allTrain = train
        ids = Dictionary(
            uniqueKeysWithValues: settings.inputs.filter { $0.kind == .id }.map { input in
                (input, IDVocabulary(of: training, column: settings.columns[input] ?? ""))
            })
    }

    /// The files of a folder that are not in another folder inside it; all of them where none would be left.
    private static func outside(_ folder: String, _ table: Table) -> Table {
        let inside = CanonicalPath.of(folder) + "/"
        let rest = table.rows { !CanonicalPath.of($0.path("filepath")).hasPrefix(inside) }
        return rest.isEmpty ? table : rest
    }

    /// The same with those rows alone to train on that have what is learned.
    func training(onLabeled rows: Table) -> SampleTable {
        var result = self
        result.unlabeledCount += train.count - rows.count
        result.train = rows
        return result
    }

    /// The same with the training rows of the recipe's subset alone (`data.subset`).
    func subset() throws -> SampleTable {
        guard let subset = settings.subset else { return self }
        try train.require(columns: [subset.column])
        let classes = try self.classes(subset.column)
        let numbers = train.map { number(of: $0, subset.column, classes) }
        let labeled = numbers.indices.filter { numbers[$0] >= 0 }
        let drawn = LabelSubset(
            labels: labeled.map { numbers[$0] }, amount: subset.amount, key: Self.key(ofDraw: subset.draw))
        var result = self
        result.train = Self.divided(train, at: drawn.rows.map { labeled[$0] }).chosen
        result.subsetOf = train.count
        result.shortClasses = drawn.shortClasses.map { classes.names[$0] }
        return result
    }

    /// The key of one of the draws of a few labels, here and in probes.
    static func key(ofDraw draw: Int) -> RandomKey { RandomKey(seed: UInt64(draw)).derived("data.subset") }

    /// The same with a part of the training rows kept for validation (`data.validation`), of each class that is learned.
    func validated(for recipe: Recipe) throws -> SampleTable {
        guard settings.validation > 0 else { return self }
        var labels = [Int](repeating: 0, count: train.count)
        if let label = recipe.objective.needs.label {
            let classes = try self.classes(label)
            labels = train.map { max(0, number(of: $0, label, classes)) }
        }
        let drawn = LabelSubset(
            labels: labels, fraction: settings.validation, key: RandomKey(seed: 0).derived("data.validation"))
        var result = self
        let (chosen, rest) = Self.divided(train, at: drawn.rows)
        guard !rest.isEmpty else {
            throw RecipeError.data(
                message: "data.validation: \(settings.validation) of \(Counted.text(train.count, "row")) leaves none to "
                    + "train on; make it smaller, or leave it out")
        }
        (result.validation, result.train) = (chosen, rest)
        return result
    }

    /// The same with other rows to evaluate.
    func evaluating(_ rows: Table) -> SampleTable {
        var result = self
        result.heldOut = rows
        return result
    }

    private func number(of row: Row, _ column: String, _ classes: ClassNames) -> Int {
        (try? classes.label(of: value(column, of: row))).map(Int.init) ?? -1
    }

    /// The rows at some places, and the others.
    private static func divided(_ table: Table, at places: [Int]) -> (chosen: Table, rest: Table) {
        var isChosen = [Bool](repeating: false, count: table.count), place = -1
        for place in places { isChosen[place] = true }
        let (rest, chosen) = table.split { _ in
            place += 1
            return isChosen[place]
        }
        return (chosen, rest)
    }

    /// The same with a fraction of the rows of each part, evenly spread.
    func thinned(to fraction: Double) -> SampleTable {
        func part(_ table: Table) -> Table {
            let count = max(1, min(table.count, Int((fraction * Double(table.count)).rounded(.up))))
            var place = -1
            return table.rows { _ in
                place += 1
                return place * count / table.count != (place + 1) * count / table.count
            }
        }
        var result = self
        (result.train, result.heldOut) = (part(train), part(heldOut))
        result.validation = validation.map(part)
        return result
    }

    /// The same with the ids that a model has a row for, which may be of another table.
    func knowing(_ ids: [RecipeInput: IDVocabulary]) -> SampleTable {
        var result = self
        result.ids = ids
        return result
    }

    /// The same with other rows to train on.
    func training(on rows: Table) -> SampleTable {
        var result = self
        result.train = rows
        return result
    }

    /// - Throws: where no row is left to train on.
    func requireTrainingRows() throws {
        if train.isEmpty { throw Self.emptyPart(rule.table, rule) }
    }

    private static func emptyPart(_ path: String, _ rule: HeldOutRule) -> RecipeError {
        .data(
            message:
                "\(path): data.split (\(rule.words)) leaves \(rule.total - rule.heldOut) rows to train on and "
                    + "\(rule.heldOut) held "
                + """
                    out; give another column or rule, `data.split: none` to train and evaluate on all, or a table as \
                    data.held_out
                    """
        )
    }

    private static func read(_ settings: DataSettings, path: String) throws -> Table {
        let table = try contents(settings, path: path)
        var named = [("data.group", settings.group)]
        for (input, segment) in settings.segments where settings.kind == .table {
            let key = input == .audio ? "data.columns" : "data.columns.\(input.name)"
            named += [("\(key).start", segment.start), ("\(key).end", segment.end)]
        }
        named.sort { $0.0 > $1.0 }
        for case (let key, let column?) in named where !table.columns.contains(column) {
            throw RecipeError.data(
                message: "\(key): \(DatasetError.missingColumn(path: path, column: column, columns: table.columns))")
        }
        try table.require(columns: settings.columns.values.sorted() + settings.rename.keys.sorted())
        try requireFiles(settings, table)
        for input in settings.inputs {
            guard input.kind == .audio, let column = settings.columns[input], let segment = settings.segments[input]
            else { continue }
            guard segment.start != nil || segment.end != nil else { continue }
            try table.requireSegments(of: column, start: segment.start, end: segment.end)
        }
        return table
    }

    /// - Throws: where every row names a file by a web address.
    private static func requireFiles(_ settings: DataSettings, _ table: Table) throws {
        for (input, column) in settings.columns where input.kind.isFile {
            guard let row = table.first, FileAddress.isRemote(row.path(column)) else { continue }
            guard table.allSatisfy({ FileAddress.isRemote($0.path(column)) }) else { continue }
            throw RecipeError.data(
                message:
                    "\(row.place): column \"\(column)\" has web addresses, the first \(row[column]); only files are "
                        + "read: download them "
                    + "first and put their paths in the table")
        }
    }

    private static func contents(_ settings: DataSettings, path: String) throws -> Table {
        switch settings.kind {
        case .table:
            let separators: [DataSettings.Separator: Character] = [
                .tab: "\t", .comma: ",", .semicolon: ";", .pipe: "|",
            ]
            // With two inputs a sample has both; of three it may lack one.
            let wanted = settings.columns.count > 2 ? [] : settings.columns.values.sorted()
            // A label may be missing: self-supervised objectives need none.
            if Table.isJSONLines(path) {
                let table = try Table(jsonLines: path, columns: wanted)
                try table.require(columns: settings.labels)
                return table
            }
            let table = try Table(
                csv: path, separator: separators[settings.separator, default: "\t"],
                quoting: settings.quoting == .none ? .none : .standard, columns: wanted)
            try table.require(columns: settings.labels)
            return table
        case .folder:
            return settings.first(.audio) == nil
                ? try ImageFolder(path).table : try AudioFolder(path).table
        case .files: return try FileListing(path, pattern: settings.pattern).table
        case .videos: return try VideoFolder(path).table
        case .movingShapes: return settings.drawn?.table ?? Table(listing: path, columns: ["filepath"], rows: [])
        case .text: throw RecipeError.data(message: "\(path): running text has no rows")
        }
    }

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

/// Paths as one spelling a file, by text alone: `./a.png`, `x/../a.png` and `a.png` are one, links are not followed.
enum CanonicalPath {
    static func of(_ path: String) -> String {
        var parts: [Substring] = []
        let isAbsolute = path.hasPrefix("/")
        for part in path.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != ".." || !isAbsolute {
                parts.append(part)
            }
        }
        return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
    }
}

extension ClassNames {
    /// Without the empty field, which is no class.
    fileprivate var withoutBlank: ClassNames { ClassNames(names.filter { !$0.isBlank }) }
}
