import ConcordFiles
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
///     checkpoints/        a safetensors each, the optimizer's state beside it
///     metrics.jsonl       one object a step
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
    var checkpoints: CheckpointDirectory { CheckpointDirectory(path + "/checkpoints") }
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
    private func noteUnstarted(classes: [String], isFolderMade: Bool) {
        let files =
            [recipe, trainedData, tokenizer] + classes.map(self.classes) + [
                metrics, path + "/classes", checkpoints.path,
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

    private var lock: String { path + "/lock" }

    /// Takes the run until the lock is released, or the process ends, however it ends: the kernel drops it then.
    ///
    /// On NFS it holds between hosts where the server supports locks (`flock` is emulated by byte-range locks since
    /// Linux 2.6.12).
    /// - Throws: `RecipeError` that names who holds it.
    func takeLock() throws -> RunLock {
        let descriptor = PathEncoding.withCString(lock) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw RecipeError.unreadable(path: lock, reason: "cannot be made: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            var holder = [UInt8](repeating: 0, count: 256)
            let count = max(0, pread(descriptor, &holder, holder.count, 0))
            close(descriptor)
            guard code == EWOULDBLOCK else { return RunLock(nil) }  // a file system without locks
            let name = String(decoding: holder[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
            throw RecipeError.unreadable(
                path: path,
                reason:
                    """
                        another process trains into this directory\(name.isEmpty ? "" : " (\(name))"); wait for it, or \
                        end it
                        """
            )
        }
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let machine = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let line = Array("process \(getpid()) on \(machine), since \(Self.localTime())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, line, line.count, 0)
        return RunLock(descriptor)
    }

    /// `2026-11-28 17:04:05`, in the time zone of the machine.
    private static func localTime() -> String {
        var now = time(nil), parts = tm()
        guard localtime_r(&now, &parts) != nil else { return "an unknown time" }
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%F %T", &parts)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Makes the directory, its parents and what a run starts with.
    ///
    /// A run that ended before its first step and left its files, as one that was killed does, starts over.
    func prepare(
        recipe: Recipe, overrides: [String], tokenizer: (any Tokenizer)?, classes: [(label: String, names: [String])],
        trainedData: TrainedData
    ) throws -> RunLock {
        let isLeft = PathEncoding.isThere(path)
        try Self.makeFolder(path)
        let lock = try takeLock()
        // one that started in the same moment
        guard !isRun || hasNoStep else { throw RecipeError.runExists(path: path) }
        PathEncoding.remove(self.recipe)
        noteUnstarted(classes: classes.map(\.label), isFolderMade: !isLeft)
        try tokenizer?.write(to: self.tokenizer)
        if !classes.isEmpty { try Self.makeFolder(path + "/classes") }
        for (label, names) in classes { try TextFile.write(names.map { $0 + "\n" }.joined(), to: self.classes(label)) }
        try trainedData.write(to: self.trainedData)
        try write(recipe, overrides: overrides)  // last: with it the directory is a run
        return lock
    }

    /// What an override's line in `recipe.yaml` begins with: a part of the file's format.
    private static let overrideMark = "# --set "

    /// Puts the resolved recipe in place of the one that is there, if any.
    /// - Parameter overrides: `key.path=value` that it was started with.
    func write(_ recipe: Recipe, overrides: [String]) throws {
        // A line end in a value counts as a space in YAML.
        let head = overrides.map { Self.overrideMark + String($0.map { $0.isNewline ? " " : $0 }) + "\n" }
        try TextFile.write(head.joined() + recipe.yaml, to: self.recipe)
    }

    /// The recipe that the run was started with, and its overrides; nil where there is no run.
    func savedRecipe() throws -> (recipe: Recipe, overrides: [String])? {
        guard let text = try TextFile.read(recipe) else { return nil }
        let head = text.split(separator: "\n").prefix { $0.hasPrefix(Self.overrideMark) }
        return (try Recipe(yaml: text, source: recipe), head.map { String($0.dropFirst(Self.overrideMark.count)) })
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        do throws(FileError) { try Folder.make(path) } catch {
            throw RecipeError.unreadable(path: error.path, reason: "cannot be made: \(error.reason)")
        }
    }
}

/// A run directory held against other processes, and other sessions of this one, while this value lives.
final class RunLock: Sendable {
    private let descriptor: Int32?

    /// - Parameter descriptor: an open file with the lock; nil where the file system has none.
    init(_ descriptor: Int32?) { self.descriptor = descriptor }

    deinit { if let descriptor { close(descriptor) } }
}
