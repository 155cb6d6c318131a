import ConcordFiles
import ConcordTokenizers
import ConcordTraining
#if canImport(Glibc)
    import Glibc
#endif

/// Where a run keeps what: enough to use the model without its data.
///
///     recipe.yaml         as resolved
///     tokenizer           as `Tokenizers.load` reads it; none where the model reads no text
///     classes/LABEL.txt   names of the classes, one a line
///     checkpoints/        a safetensors each, the optimizer's state beside it
///     metrics.jsonl       one object a step
public struct RunDirectory: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path }

    var recipe: String { path + "/recipe.yaml" }
    var tokenizer: String { path + "/tokenizer" }
    var metrics: String { path + "/metrics.jsonl" }
    var checkpoints: CheckpointDirectory { CheckpointDirectory(path + "/checkpoints") }
    func classes(_ label: String) -> String { path + "/classes/\(label).txt" }

    /// Whether a run was started here.
    var isRun: Bool { access(recipe, F_OK) == 0 }

    /// The directory's name for a recipe: that of a file without its folder and ending.
    public static func name(ofRecipe recipe: String) -> String {
        let last = recipe.split(separator: "/").last.map(String.init) ?? recipe
        return last.split(separator: ".").first.map(String.init) ?? last
    }

    /// The weights that a path names: the file itself, or the best checkpoint of a run.
    /// - Throws: `RecipeError` where there is neither.
    public static func weights(at path: String) throws -> String {
        var info = stat()
        guard stat(path, &info) == 0 else { throw RecipeError.unreadable(path: path, reason: String(cString: strerror(errno))) }
        guard info.st_mode & S_IFMT == S_IFDIR else { return path }
        let directory = RunDirectory(path)
        guard directory.isRun else { throw RecipeError.notARun(path: path, reason: "it holds no recipe.yaml") }
        guard let entry = try directory.checkpoints.best() else {
            throw RecipeError.notARun(path: path, reason: "it holds no checkpoint yet; train it first, or go on with --resume")
        }
        return entry.model
    }

    /// Removes what was made for a run that has not made a step.
    public static func discardUnstarted() {}

    /// Makes the directory, its parents and what a run starts with.
    func prepare(recipe: Recipe, tokenizer: (any Tokenizer)?, classes: [(label: String, names: [String])]) throws {
        try Self.makeFolder(path)
        try tokenizer?.write(to: self.tokenizer)
        if !classes.isEmpty { try Self.makeFolder(path + "/classes") }
        for (label, names) in classes { try TextFile.write(names.map { $0 + "\n" }.joined(), to: self.classes(label)) }
        try TextFile.write(recipe.yaml, to: self.recipe)  // last: with it the directory is a run
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        do throws(FileError) { try Folder.make(path) } catch {
            throw RecipeError.unreadable(path: error.path, reason: "cannot be made: \(error.reason)")
        }
    }
}
