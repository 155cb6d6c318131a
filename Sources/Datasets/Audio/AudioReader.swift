import CSndfile
import ConcordFiles
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// An open sound file; made for one reading and thrown away.
final class AudioReader {
    let rate: Int
    /// Samples of each channel; nil where only decoding to the end counts them.
    let frames: Int?
    private let channels: Int
    private let path: String
    private let handle: OpaquePointer
    /// What the handle reads.
    private let bytes: AudioBytes
    private let version: FileVersion
    /// Frames to decode before those wanted, after a seek.
    private let lead: Int

    /// `SF_FORMAT_MPEG`, which headers before libsndfile 1.1 do not have.
    private static let mpeg: Int32 = 0x230000

    /// - Throws: `AudioError` where the file is no sound, has no samples, or ends before its header says.
    init(_ path: String) throws(AudioError) {
        let file = try Self.opened(path), head: [UInt8]
        do throws(FileError) { head = try file.bytes(at: 0, count: MediaKind.headLength) } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        let version = file.version, format = try AudioFormat(head, path: path)
        var extent = AudioFormat.Extent(), length: MPEGLength?
        if case .mpeg = format {
            length = try Self.length(of: file)
        } else {
            do throws(FileError) { extent = try format.extent(of: file, head: head) } catch {
                throw .unreadable(path: path, reason: error.reason)
            }
        }
        let missing = extent.missing
        var start = extent.head ?? [], replaced = extent.head?.count ?? 0
        if let length, !length.isStatedRightly, let frame = length.informationFrame {
            (start, replaced) = (frame, length.start)
        }
        let bytes = AudioBytes(file, head: start, replacing: replaced)
        var info = SF_INFO()
        let (opened, failure) = try AudioOpening.opened { () throws(AudioError) in
            info = SF_INFO()
            guard start.isEmpty else { return bytes.open(&info) }
            // One of the library's own: it closes what it was given where it fails to open it, asked to or not.
            let descriptor = bytes.duplicatedDescriptor()
            guard descriptor >= 0 else {
                throw .unreadable(path: path, reason: FileError(path: path, code: errno).reason)
            }
            return sf_open_fd(descriptor, Int32(SFM_READ), &info, 1)
        }
        guard let handle = opened else { throw Self.refusal(MediaKind(head), path, failure) }
        let (rate, channels, frames) = (Int(info.samplerate), Int(info.channels), Int(info.frames))
        var fault: AudioError?
        if missing > 0 {
            fault = .damaged(path: path, reason: "the file ends \(missing) bytes before its header says")
        } else if !Audio.rates.contains(rate) {
            fault = .rate(path: path, rate: rate)
        } else if frames <= 0 || channels <= 0 {
            fault = .noSamples(path: path)
        }
        if let fault {
            sf_close(handle)
            throw fault
        }
        let isEstimate = frames > Self.countable || (length.map { !$0.isStatedRightly } ?? false)
        self.frames = isEstimate ? nil : frames
        (self.path, self.handle, self.rate, self.channels) = (path, handle, rate, channels)
        (self.bytes, self.version) = (bytes, version)
        // A frame of MP3 may use the bytes of many before it, and the decoder goes back too few of them.
        lead = info.format & Int32(SF_FORMAT_TYPEMASK) == Self.mpeg ? 32 * 1152 : 0
    }

    deinit { sf_close(handle) }

    private static func opened(_ path: String) throws(AudioError) -> RegularFile {
        do throws(FileError) { return try RegularFile(reading: path) } catch {
            throw .unreadable(path: path, reason: error.reasonWithHint)
        }
    }

    /// What the file says of itself, its length counted by decoding where nothing says it.
    static func header(of path: String) throws(AudioError) -> Audio.Header { try AudioReader(path).header() }

    func header() throws(AudioError) -> Audio.Header {
        Audio.Header(rate: rate, channels: channels, frames: try countedFrames())
    }

    private func countedFrames() throws(AudioError) -> Int {
        if let known = frames ?? AudioLengths.shared.frames(of: version) { return known }
        let other = try AudioReader(path)  // this one stays at the file's start
        var count = 0
        while true {
            let got = other.read(1 << 20).count
            if got == 0 { break }
            count += got
        }
        guard count > 0 else { throw .noSamples(path: path) }
        AudioLengths.shared.insert(frames: count, of: version)
        return count
    }

    /// The frames of an MPEG file; nil where none is found.
    private static func length(of file: borrowing RegularFile) throws(AudioError) -> MPEGLength? {
        if let known = AudioLengths.shared.mpeg(of: file.version) { return known }
        let length = try MPEGLength(of: file)
        AudioLengths.shared.insert(mpeg: length, of: file.version)
        return length
    }

    /// Why the library does not open a file.
    private static func refusal(_ kind: MediaKind?, _ path: String, _ code: Int32) -> AudioError {
        let reason = code == 0 ? "its header cannot be read" : text(code)
        if let kind, kind.name == "FLAC in Ogg" { return .unsupported(path: path, reason: kind.refusal(of: path)) }
        let isUnsupported = ["unimplemented", "nsupported", "not supported"].contains { reason.contains($0) }
        guard isUnsupported, let kind else { return .damaged(path: path, reason: reason) }
        let name = Paths.name(of: path)
        return .unsupported(
            path: path,
            reason: "its \(kind.name) encoding is not read (\(reason)); make it plain, for example with: "
                + "ffmpeg -i '\(name)' -c:a pcm_s16le '\(Paths.stem(of: name))-plain.wav'")
    }

    /// The most frames of a file with a plausible header: a month at the highest rate.
    private static let countable = 1 << 42

    /// All frames, averaged over the channels, however many there are.
    /// - Parameter limit: seconds.
    func readToEnd(limit: Double) throws(AudioError) -> [Float] {
        var samples: [Float] = []
        while true {
            let chunk = read(1 << 20)
            if chunk.isEmpty { break }
            try check(chunk, from: samples.count)
            samples += chunk
            let seconds = Double(samples.count) / Double(rate)
            if seconds > limit { throw .tooLong(path: path, seconds: seconds, limit: limit) }
        }
        guard !samples.isEmpty else { throw .noSamples(path: path) }
        AudioLengths.shared.insert(frames: samples.count, of: version)
        return samples
    }

    /// Frames of the file, averaged over its channels.
    /// - Parameter range: inside the file.
    /// - Throws: `AudioError` where the file ends in it, is corrupt, or has a sample that is not finite.
    func read(_ range: Range<Int>) throws(AudioError) -> [Float] {
        try seek(to: range.lowerBound)
        var samples: [Float] = [], position = range.lowerBound
        while position < range.upperBound {
            // What a header claims takes no memory before it is there.
            let wanted = min(range.upperBound - position, 1 << 22)
            let chunk = read(wanted)
            try check(chunk, from: position)
            guard chunk.count == wanted else {
                throw damage(
                    "it holds \(position + chunk.count) frames where its header says \(frames ?? range.upperBound)")
            }
            if samples.isEmpty { samples = chunk } else { samples += chunk }
            position += wanted
        }
        return samples
    }

    /// The next frames of a file that is read from its start on; fewer than `count`, or none, at its end.
    /// - Parameter position: frames read so far.
    func next(_ count: Int, after position: Int) throws(AudioError) -> [Float] {
        let chunk = read(count)
        try check(chunk, from: position)
        guard chunk.count == count || position + chunk.count >= frames ?? 0 else {
            throw damage("it holds \(position + chunk.count) frames where its header says \(frames ?? 0)")
        }
        return chunk
    }

    private func check(_ chunk: [Float], from position: Int) throws(AudioError) {
        guard let bad = chunk.firstIndex(where: { !$0.isFinite }) else { return }
        throw .notFinite(path: path, frame: position + bad, value: chunk[bad])
    }

    private func seek(to frame: Int) throws(AudioError) {
        guard frame > 0 else { return }
        if frames == nil, lead == 0 {
            // A stream that does not say its end cannot be sought in.
            var rest = frame
            while rest > 0 {
                let got = read(min(rest, 1 << 20)).count
                guard got > 0 else { throw damage("frame \(frame) cannot be reached") }
                rest -= got
            }
            return
        }
        let start = max(0, frame - lead)
        guard sf_seek(handle, sf_count_t(start), Int32(SEEK_SET)) == start, read(frame - start).count == frame - start
        else {
            throw damage("frame \(frame) cannot be reached")
        }
    }

    /// The next frames, fewer where the file ends.
    private func read(_ count: Int) -> [Float] {
        let channels = channels
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

    private func damage(_ reason: String) -> AudioError {
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

/// Numbers that cost a pass over a file, kept while the file stays as it is: lengths that no header says.
final class AudioLengths: Sendable {
    static let shared = AudioLengths()

    private struct Entry { var mpeg: MPEGLength??, frames: Int? }
    private let entries = Mutex<[FileVersion: Entry]>([:])

    func frames(of version: FileVersion) -> Int? { entries.withLock { $0[version]?.frames } }

    func insert(frames: Int, of version: FileVersion) {
        entries.withLock { $0[version, default: Entry()].frames = frames }
    }

    func mpeg(of version: FileVersion) -> MPEGLength?? { entries.withLock { $0[version]?.mpeg } }

    func insert(mpeg: MPEGLength?, of version: FileVersion) {
        entries.withLock { $0[version, default: Entry()].mpeg = .some(mpeg) }
    }
}
