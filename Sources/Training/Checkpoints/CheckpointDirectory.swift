import ConcordFiles
import ConcordInterchange
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// A folder of checkpoints: `step-00000120.safetensors`, the model, and `step-00000120.optimizer.safetensors` beside
/// it.
///
/// Each file is written under a temporary name, flushed and renamed. The model's file comes last and completes the
/// checkpoint: a reader never sees half of one, and an optimizer file without its model is the leftover of a write that
/// was interrupted.
public struct CheckpointDirectory: Sendable, Equatable {
    /// Path of the folder.
    public let path: String

    /// - Parameter path: of the folder, which need not exist yet.
    public init(_ path: String) { self.path = path }

    /// One checkpoint.
    public struct Entry: Sendable, Equatable {
        /// Updates that the model had.
        public let step: Int
        /// The model's file: parameters and buffers.
        public let model: String
        /// The optimizer's file, which resuming needs and using the model does not.
        public let optimizer: String
    }

    private func entry(_ step: Int) -> Entry {
        let digits = String(step)
        let stem = "\(path)/step-\(String(repeating: "0", count: max(0, 8 - digits.count)))\(digits)"
        return Entry(step: step, model: stem + ".safetensors", optimizer: stem + ".optimizer.safetensors")
    }

    /// The step in a file's name, nil for other files.
    private static func step(of name: String, suffix: String) -> Int? {
        guard name.hasPrefix("step-"), name.hasSuffix(suffix) else { return nil }
        let digits = name.dropFirst(5).dropLast(suffix.count)
        guard digits.count >= 8, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(digits)
    }

    private var names: [String] { ((try? Folder.entries(of: path)) ?? []).map(\.name) }

    /// All checkpoints by step. A folder that does not exist has none.
    public var entries: [Entry] { names.compactMap { Self.step(of: $0, suffix: ".safetensors") }.sorted().map(entry) }

    /// Those that have their optimizer file.
    var resumable: [Entry] { entries.filter { PathEncoding.isThere($0.optimizer, isReadable: true) } }

    /// The newest.
    public var last: Entry? { entries.last }

    /// The checkpoint with the best evaluation, as recorded in the newest one; the newest where none was recorded.
    /// - Throws: where the newest cannot be read.
    public func best() throws -> Entry? {
        let entries = entries
        guard let last = entries.last else { return nil }
        let best = try TrainerState(metadata: Safetensors(path: last.model).metadata, path: last.model).best
        return entries.first { $0.step == best?.step } ?? last
    }

    /// Creates the folder and removes leftovers of interrupted writes.
    func prepare() throws {
        do throws(FileError) { try Folder.make(path) } catch {
            throw TrainingError.cannotWrite(path: error.path, reason: error.reason)
        }
        let names = names, models = Set(entries.map(\.step))
        for name in names {
            let orphan = Self.step(of: name, suffix: ".optimizer.safetensors").map { !models.contains($0) } ?? false
            let cut = name.hasPrefix("step-") && name.hasSuffix(".safetensors.partial")
            if orphan || cut { PathEncoding.remove("\(path)/\(name)") }
        }
    }

    /// Writes one checkpoint. Where that fails, the others stay as they are and nothing of this one is left.
    func write(
        step: Int, model: [(name: String, tensor: Tensor)], optimizer: [(name: String, tensor: Tensor)],
        metadata: [String: String]
    ) throws {
        let entry = entry(step)
        try Safetensors.write(optimizer, metadata: metadata, to: entry.optimizer)
        do { try Safetensors.write(model, metadata: metadata, to: entry.model) } catch {
            PathEncoding.remove(entry.optimizer)
            throw error
        }
    }

    /// Removes all but the last `count` and the one of step `best`.
    func prune(keeping count: Int, best: Int?) {
        for entry in entries.dropLast(count) where entry.step != best {
            PathEncoding.remove(entry.model)  // first: what is left of a removal cut off here is an orphan
            PathEncoding.remove(entry.optimizer)
        }
    }
}

/// The system's message for `errno`.
func systemMessage() -> String { String(cString: strerror(errno)) }
