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
    let allTrain: Table
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
}
