import ConcordFiles
import ConcordInterchange
import ConcordLayers
import ConcordTensors
import ConcordTokenizers
import ConcordTraining
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where a run keeps what: enough to use the model without its data.
///
///     recipe.yaml         as resolved; its first lines are the overrides that it was started with
///     data.json           which rows or text files were trained on, to tell other data from them
///     tokenizer           as `Tokenizers.load` reads it; none where the model reads no text
///     classes/LABEL.txt   names of the classes, one a line
///     ids/INPUT.json      of each input of ids: those of the training rows, by row of its table, with their counts
///     kernels.json        which kernels it computes with; in older runs none: the standard ones
///     initial.safetensors weights that it starts from, until its end; none without --init
///     teacher.safetensors an index of the embeddings that a student learns; none without a teacher
///     checkpoints/        a safetensors each, the optimizer's state beside it
///     metrics.jsonl       one object a step
///     cost.json           what the run has cost when its last part ended
///     lock                held by the process that trains
public struct RunDirectory: Sendable {
    /// Without a slash at its end.
    public let path: String

    /// - Parameter path: of the directory, whether it is there yet or not.
    public init(_ path: String) { self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path }

    var recipe: String { path + "/recipe.yaml" }
    var tokenizer: String { path + "/tokenizer" }
    var trainedData: String { path + "/data.json" }
    var metrics: String { path + "/metrics.jsonl" }
    var cost: String { path + "/cost.json" }
    var checkpoints: CheckpointDirectory { CheckpointDirectory(path + "/checkpoints") }
    var initial: String { path + "/initial.safetensors" }
    var teacher: String { path + "/teacher.safetensors" }
    var kernels: String { path + "/kernels.json" }
    func ids(_ input: RecipeInput) -> String { path + "/ids/\(input.name).json" }
    func classes(_ label: String) -> String { path + "/classes/\(label).txt" }

    /// Whether a run was started here.
    public var isRun: Bool { PathEncoding.isThere(recipe) }

    /// The directory's name for a recipe: that of a file without its folder and ending.
    public static func name(ofRecipe recipe: String) -> String {
        let last = recipe.split(separator: "/").last.map(String.init) ?? recipe
        return last.split(separator: ".").first.map(String.init) ?? last
    }

    /// The weights that a path names: the file itself, or the best checkpoint of a run.
    /// - Throws: `RecipeError` where there is neither.
    public static func weights(at path: String) throws -> String {
        guard let info = PathEncoding.status(of: path) else {
            throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        guard info.st_mode & S_IFMT == S_IFDIR else { return path }
        let directory = RunDirectory(path)
        guard directory.isRun else { throw RecipeError.notARun(path: path, reason: "it holds no recipe.yaml") }
        guard let entry = try directory.checkpoints.best() else {
            throw RecipeError.noCheckpoint(path: path)
        }
        return entry.model
    }

    /// The run of this process that has not made a step yet, and what was not there before it.
    private static let unstarted = Mutex<(run: RunDirectory, made: [String])?>(nil)

    /// Notes which of a run's files are not there yet, as this process will make them.
    private func noteUnstarted(classes: [String], ids: [RecipeInput], isFolderMade: Bool) {
        let files =
            [recipe, trainedData, tokenizer, initial, teacher, kernels] + classes.map(self.classes) + ids.map(self.ids) + [
                metrics, path + "/classes", path + "/ids", checkpoints.path,
            ]
        let made = files.filter { !PathEncoding.isThere($0) } + [lock] + (isFolderMade ? [path] : [])
        Self.unstarted.withLock { $0 = (self, made) }
    }

    /// Removes what this process made for a run that has not made a step; nothing where it has, or resumed another.
    public static func discardUnstarted() {
        guard let (run, made) = unstarted.withLockIfAvailable({ $0 }) ?? nil, run.hasNoStep else { return }
        // the recipe first: without it the directory is no run; a folder only if nothing else is in it
        for path in made { PathEncoding.remove(path) }
    }

    /// Whether neither a checkpoint nor a line of metrics was written: starting again loses nothing.
    var hasNoStep: Bool {
        return checkpoints.last == nil && PathEncoding.status(of: metrics)?.st_size ?? 0 == 0
    }

    /// Makes the directory, its parents and what a run starts with.
    ///
    /// A run that ended before its first step and left its files, as one that was killed does, starts over.
    /// - Parameter initial: weights that are not those of the seed.
    func prepare(
        recipe: Recipe, overrides: [String], tokenizer: (any Tokenizer)?, classes: [(label: String, names: [String])],
        ids: [RecipeInput: IDVocabulary], initial: (any Module)?, teacher: EmbeddingIndex?, trainedData: TrainedData,
        kernels: KernelTable
    ) throws -> RunLock {
        let isLeft = PathEncoding.isThere(path)
        try Self.makeFolder(path)
        let lock = try takeLock()
        // one that started in the same moment
        guard !isRun || hasNoStep else { throw RecipeError.runExists(path: path) }
        PathEncoding.remove(self.recipe)
        noteUnstarted(classes: classes.map(\.label), ids: Array(ids.keys), isFolderMade: !isLeft)
        try tokenizer?.write(to: self.tokenizer)
        if !classes.isEmpty { try Self.makeFolder(path + "/classes") }
        for (label, names) in classes { try TextFile.write(names.map { $0 + "\n" }.joined(), to: self.classes(label)) }
        try write(ids)
        PathEncoding.remove(self.initial)  // of one that started here before
        if let initial { try Safetensors.write(initial.stateDictionary(), to: self.initial) }
        try teacher?.write(to: self.teacher)
        try trainedData.write(to: self.trainedData)
        try KernelTableFile.write(kernels, to: self.kernels)
        try write(recipe, overrides: overrides)  // last: with it the directory is a run
        return lock
    }

    /// The classes of the label that the run's recipe learns, by its column.
    /// - Throws: `RecipeError` where their file is not there.
    func loadClasses(_ recipe: Recipe) throws -> [String: LabelClasses] {
        guard let label = recipe.objective.needs.label else { return [:] }
        guard let text = try TextFile.read(classes(label)) else {
            throw RecipeError.unreadable(path: classes(label), reason: "it is not there: the head's classes have no names")
        }
        let names = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        return [label: LabelClasses(names: names, counts: nil)]
    }

    /// What earlier parts of the run cost; nil where none came to its end.
    func loadCost() throws -> RunCost? { try TextFile.read(cost).flatMap { RunCost(json: $0.utf8) } }

    /// The kernels that the run computes with.
    /// - Throws: `RecipeError` where their file is damaged.
    func loadKernels() throws -> KernelTable { try KernelTableFile.read(kernels) ?? .standard }

    /// The embeddings that a student learns; nil where the run has none.
    func loadTeacher() throws -> EmbeddingIndex? {
        PathEncoding.isThere(teacher) ? try EmbeddingIndex(path: teacher) : nil
    }

    /// The weights that the run started from, for one that was killed before its first checkpoint.
    func loadInitial(into objective: any Module) throws {
        if PathEncoding.isThere(initial) { try objective.load(Safetensors(path: initial)) }
    }

    /// Removes them, once a checkpoint has taken their place.
    func discardInitial() { PathEncoding.remove(initial) }

    /// What an override's line in `recipe.yaml` begins with: a part of the file's format.
    private static let overrideMark = "# --set "

    /// Puts the resolved recipe in place of the one that is there, if any.
    /// - Parameter overrides: `key.path=value` that it was started with.
    func write(_ recipe: Recipe, overrides: [String]) throws {
        // A line end in a value counts as a space in YAML.
        let head = overrides.map { Self.overrideMark + String($0.map { $0.isNewline ? " " : $0 }) + "\n" }
        try TextFile.write(head.joined() + recipe.yaml, to: self.recipe)
    }

    /// The recipe that the run was started with, and its overrides; nil where there is no run. A recipe without a
    /// precision is of before there was one: float32.
    func savedRecipe() throws -> (recipe: Recipe, overrides: [String])? {
        guard let text = try TextFile.read(recipe) else { return nil }
        let head = text.split(separator: "\n").prefix { $0.hasPrefix(Self.overrideMark) }
        let saved = try Recipe(yaml: text, source: recipe).resumed(in: .float32)
        return (saved, head.map { String($0.dropFirst(Self.overrideMark.count)) })
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        do throws(FileError) { try Folder.make(path) } catch {
            throw RecipeError.unreadable(path: error.path, reason: "cannot be made: \(error.reason)")
        }
    }
}
