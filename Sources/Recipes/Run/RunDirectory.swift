import ConcordFiles
import ConcordTokenizers
import ConcordTraining
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Where a run keeps what: enough to use the model without its data.
///
///     recipe.yaml         as resolved
///     data.json           which rows or text files were trained on, to tell other data from them
///     tokenizer           as `Tokenizers.load` reads it; none where the model reads no text
///     classes/LABEL.txt   names of the classes, one a line
///     checkpoints/        a safetensors each, the optimizer's state beside it
///     metrics.jsonl       one object a step
///     lock                held by the process that trains
public struct RunDirectory: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path.hasSuffix("/") && path.count > 1 ? String(path.dropLast()) : path }

    var recipe: String { path + "/recipe.yaml" }
    var tokenizer: String { path + "/tokenizer" }
    var trainedData: String { path + "/data.json" }
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

    /// The run of this process that has not made a step yet.
    private static let unstarted = Mutex<RunDirectory?>(nil)

    /// Whether this process wrote its `data.json`; one that was there before stays.
    private static let madeTrainedData = Mutex(false)

    /// Notes that this process made the directory, until its first step.
    func markUnstarted() { Self.unstarted.withLock { $0 = self } }

    /// Removes what this process made for a run that has not made a step; nothing where it has, or resumed another.
    public static func discardUnstarted() {
        guard let run = unstarted.withLock({ $0 }), run.hasNoStep else { return }
        unlink(run.recipe)  // first: without it the directory is no run
        if madeTrainedData.withLock({ $0 }) { unlink(run.trainedData) }
        for file in [run.tokenizer, run.metrics, run.lock] { unlink(file) }
        for folder in ["/classes", "/checkpoints"] {
            if let names = opendir(run.path + folder) {
                while folder == "/classes", let entry = readdir(names) {
                    let name = withUnsafePointer(to: &entry.pointee.d_name) {
                        String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
                    }
                    if name.hasSuffix(".txt") { unlink("\(run.path)/classes/\(name)") }
                }
                closedir(names)
            }
            rmdir(run.path + folder)
        }
        rmdir(run.path)  // stays where somebody else's files are in it
    }

    /// Whether neither a checkpoint nor a line of metrics was written.
    private var hasNoStep: Bool {
        var status = stat()
        return checkpoints.last == nil && (stat(metrics, &status) != 0 || status.st_size == 0)
    }

    private var lock: String { path + "/lock" }

    /// Takes the run for this process until it ends, however it ends: the kernel drops the lock.
    ///
    /// On NFS it holds between hosts where the server supports locks (`flock` is emulated by byte-range locks since Linux 2.6.12).
    /// - Throws: `RecipeError` that names who holds it.
    func takeLock() throws {
        let descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw RecipeError.unreadable(path: lock, reason: "cannot be made: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            var holder = [UInt8](repeating: 0, count: 256)
            let count = max(0, pread(descriptor, &holder, holder.count, 0))
            close(descriptor)
            guard code == EWOULDBLOCK else { return }  // a file system without locks
            let name = String(decoding: holder[..<count].prefix { $0 != 0x0A }, as: UTF8.self)
            throw RecipeError.unreadable(
                path: path, reason: "another process trains into this directory\(name.isEmpty ? "" : " (\(name))"); wait for it, or end it")
        }
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let machine = String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let line = Array("process \(getpid()) on \(machine)\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, line, line.count, 0)
        // The descriptor stays open, and with it the lock, until the process ends.
    }

    /// Makes the directory, its parents and what a run starts with.
    func prepare(recipe: Recipe, tokenizer: (any Tokenizer)?, classes: [(label: String, names: [String])], trainedData: TrainedData) throws {
        try Self.makeFolder(path)
        try takeLock()
        guard !isRun else { throw RecipeError.runExists(path: path) }  // one that started in the same moment
        markUnstarted()
        try tokenizer?.write(to: self.tokenizer)
        if !classes.isEmpty { try Self.makeFolder(path + "/classes") }
        for (label, names) in classes { try TextFile.write(names.map { $0 + "\n" }.joined(), to: self.classes(label)) }
        Self.madeTrainedData.withLock { $0 = access(self.trainedData, F_OK) != 0 }
        try trainedData.write(to: self.trainedData)
        try TextFile.write(recipe.yaml, to: self.recipe)  // last: with it the directory is a run
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        do throws(FileError) { try Folder.make(path) } catch {
            throw RecipeError.unreadable(path: error.path, reason: "cannot be made: \(error.reason)")
        }
    }
}
