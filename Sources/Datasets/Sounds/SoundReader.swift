import CSndfile
import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

/// An open sound file; made for one reading and thrown away.
final class SoundReader {
    let header: Sound.Header
    private let path: String
    private let handle: OpaquePointer
    /// Frames to decode before those wanted, after a seek.
    private let lead: Int

    /// `SF_FORMAT_MPEG`, which headers before libsndfile 1.1 do not have.
    private static let mpeg: Int32 = 0x230000

    /// - Throws: `SoundError` where the file is no sound, has no samples, or ends before its header says.
    init(_ path: String) throws(SoundError) {
        let file: RegularFile
        do throws(FileError) { file = try RegularFile(reading: path) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        let missing = try Self.missingBytes(in: file, path: path)
        // One of the library's own: it closes what it was given where it fails to open it, asked to or not.
        let descriptor = fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: FileError(path: path, code: errno).reason) }
        var info = SF_INFO()
        guard let handle = sf_open_fd(descriptor, Int32(SFM_READ), &info, 1) else {
            // The library keeps the reason of a failed opening in one place for all threads: it may be another's, or gone.
            let code = sf_error(nil)
            throw .damaged(path: path, reason: code == 0 ? "its header cannot be read" : Self.text(code))
        }
        let header = Sound.Header(rate: Int(info.samplerate), channels: Int(info.channels), frames: Int(info.frames))
        var fault: SoundError?
        if missing > 0 {
            fault = .damaged(path: path, reason: "the file ends \(missing) bytes before its header says")
        } else if !Sound.rates.contains(header.rate) {
            fault = .rate(path: path, rate: header.rate)
        } else if header.frames <= 0 || header.channels <= 0 {
            fault = .noSamples(path: path)
        } else if header.frames > Self.countable {
            fault = .unsupported(path: path, reason: "it does not say how long it is")
        }
        if let fault {
            sf_close(handle)
            throw fault
        }
        (self.path, self.handle, self.header) = (path, handle, header)
        // A frame of MP3 may lie in the bytes of many before it, and the decoder goes back too few of them.
        lead = info.format & Int32(SF_FORMAT_TYPEMASK) == Self.mpeg ? 32 * 1152 : 0
    }

    deinit { sf_close(handle) }

    /// Bytes that the header promises beyond the file's end.
    private static func missingBytes(in file: borrowing RegularFile, path: String) throws(SoundError) -> Int {
        let head: [UInt8]
        do throws(FileError) { head = try file.bytes(at: 0, count: 512) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        let format = try SoundFormat(head, path: path)
        do throws(FileError) { return try format.missingBytes(in: file, head: head) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
    }

    /// Frames of a file that is not a lie or a stream without an end: a month at the highest rate.
    private static let countable = 1 << 42

    /// Frames of the file, averaged over its channels.
    /// - Parameter range: inside the file.
    /// - Throws: `SoundError` where the file ends in it, is corrupt, or has a sample that is not finite.
    func read(_ range: Range<Int>) throws(SoundError) -> [Float] {
        try seek(to: range.lowerBound)
        var samples: [Float] = [], position = range.lowerBound
        while position < range.upperBound {
            // What a header claims takes no memory before it is there.
            let wanted = min(range.upperBound - position, 1 << 22)
            let piece = read(wanted)
            if let bad = piece.firstIndex(where: { !$0.isFinite }) {
                throw .notFinite(path: path, frame: position + bad, value: piece[bad])
            }
            guard piece.count == wanted else {
                throw damage("it holds \(position + piece.count) frames where its header says \(header.frames)")
            }
            if samples.isEmpty { samples = piece } else { samples += piece }
            position += wanted
        }
        return samples
    }

    /// The next frames of a file that is read from its start on; fewer than `count`, or none, at its end.
    /// - Parameter position: frames read so far.
    func next(_ count: Int, after position: Int) throws(SoundError) -> [Float] {
        let piece = read(count)
        if let bad = piece.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(path: path, frame: position + bad, value: piece[bad])
        }
        guard piece.count == count || position + piece.count >= header.frames else {
            throw damage("it holds \(position + piece.count) frames where its header says \(header.frames)")
        }
        return piece
    }

    private func seek(to frame: Int) throws(SoundError) {
        guard frame > 0 else { return }
        let start = max(0, frame - lead)
        guard sf_seek(handle, sf_count_t(start), Int32(SEEK_SET)) == start, read(frame - start).count == frame - start else {
            throw damage("frame \(frame) cannot be reached")
        }
    }

    /// The next frames, fewer where the file ends.
    private func read(_ count: Int) -> [Float] {
        let channels = header.channels
        return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            if channels == 1 {
                filled = max(0, Int(sf_readf_float(handle, base, sf_count_t(count))))
                return
            }
            let block = max(1, (1 << 14) / channels), scale = 1 / Float(channels)
            withUnsafeTemporaryAllocation(of: Float.self, capacity: block * channels) { frames in
                guard let frame = frames.baseAddress else { return }
                while filled < count {
                    let got = Int(sf_readf_float(handle, frame, sf_count_t(min(block, count - filled))))
                    if got <= 0 { return }
                    for i in 0..<got {
                        var sum: Float = 0
                        for channel in 0..<channels { sum += frame[i * channels + channel] }
                        base[filled + i] = sum * scale
                    }
                    filled += got
                }
            }
        }
    }

    private func damage(_ reason: String) -> SoundError {
        let code = sf_error(handle)
        return .damaged(path: path, reason: code == 0 ? reason : "\(reason) (\(Self.text(code)))")
    }

    private static func text(_ code: Int32) -> String {
        var text = sf_error_number(code).map { String(cString: $0) } ?? "error \(code)"
        if text.hasPrefix("Internal error") { return "its header makes no sense" }
        while let last = text.last, last == "." || last.isWhitespace { text.removeLast() }
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
