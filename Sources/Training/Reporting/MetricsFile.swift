import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

/// `metrics.jsonl`: one JSON object a step, in order, each step once.
///
/// Lines are buffered and written about once a second and before every checkpoint, so that no step waits for the disk.
/// A killed run loses only lines after its last checkpoint, and resuming repeats those steps. ``StepMetrics`` lists the
/// members of a line.
final class MetricsFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var flushed = ContinuousClock.now
    /// The `seconds` of the last line that the file had at the start.
    let seconds: Double
    /// That of the last complete line that the file had, whatever its step; nil where it had none.
    let cost: RunCost?

    /// - Parameter step: lines of later steps, and everything from an incomplete line on, are cut off.
    init(path: String, keepingUpTo step: Int) throws {
        self.path = path
        let (length, seconds, last) = Self.whole(path, upTo: step)
        self.seconds = seconds
        cost = RunCost(line: last.utf8)
        descriptor = PathEncoding.withCString(path) { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666) }
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0,
            Int(status.st_size) == length || ftruncate(descriptor, off_t(length)) == 0
        else { throw TrainingError.cannotWrite(path: path, reason: systemMessage()) }
    }

    deinit { Glibc.close(descriptor) }

    static func hasContents(_ path: String) -> Bool {
        guard let status = PathEncoding.status(of: path) else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
    }

    func append(_ line: String) throws {
        buffer += line.utf8
        if buffer.count > 1 << 16 || ContinuousClock.now - flushed > .seconds(1) { try flush() }
    }

    /// Writes the buffered lines to the file.
    func flush() throws {
        flushed = .now
        var done = 0
        defer { buffer.removeFirst(done) }
        while done < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                bytes.baseAddress.map { write(descriptor, $0 + done, bytes.count - done) } ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TrainingError.cannotWrite(path: path, reason: systemMessage()) }
            done += count
        }
    }

    /// Flushes without an error: for the end of a run, after `synchronize` or another error.
    func close() { try? flush() }

    /// Flushes the lines to the disk.
    func synchronize() throws {
        try flush()
        guard fdatasync(descriptor) == 0 || errno == EINVAL else {  // a device or a pipe has nothing to flush
            throw TrainingError.cannotWrite(path: path, reason: systemMessage())
        }
    }

    /// Length in bytes of the leading lines that are complete and of steps up to `step`, and the last one's `seconds`;
    /// and the last of all complete lines.
    private static func whole(_ path: String, upTo step: Int) -> (length: Int, seconds: Double, last: String) {
        guard hasContents(path), let file = PathEncoding.withCString(path, { fopen($0, "r") }) else {
            return (0, 0, "")
        }
        defer { fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        var result = (length: 0, seconds: 0.0, last: ""), isKept = true
        while case let count = getline(&line, &capacity, file), count > 0, let line {
            let bytes = UnsafeRawBufferPointer(start: line, count: count)
            let text = String(decoding: bytes, as: UTF8.self)
            guard text.hasPrefix("{\"step\":"), text.hasSuffix("}\n"),
                let number = Int(text.dropFirst(8).prefix { $0.isNumber })
            else { break }
            result.last = text
            isKept = isKept && number <= step
            guard isKept else { continue }
            result.length += count
            if let seconds = text.dropLast(2).split(separator: ":").last.flatMap({ Double($0) }) {
                result.seconds = seconds
            }
        }
        return result
    }
}
