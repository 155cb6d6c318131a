import ConcordFiles

/// The kinds of audio files that are read, recognized by their first bytes, never by their names.
enum AudioFormat {
    /// RIFF, RIFX or RF64: chunks, the samples in one named `data`.
    case wave(isBigEndian: Bool)
    /// Chunks, the samples in one named `SSND`; numbers are big-endian.
    case aiff
    /// MPEG audio: frames, nothing that says how many but what a program may have put into the first.
    case mpeg
    /// Another that libsndfile knows.
    case other

    /// - Parameter head: the file's first bytes, `MediaKind.headLength` where it has them.
    init(_ head: [UInt8], path: String) throws(AudioError) {
        // A first MPEG frame is enough where a file is read by name: the second may be damaged.
        guard let kind = MediaKind(head) ?? (MPEGFrame(head[...]).map { _ in MediaKind(.sound, "MP3", .sndfile) })
        else {
            throw .notAudio(path: path, found: MediaFile.described(head))
        }
        if kind.medium == .image { throw .notAudio(path: path, found: "it is an image (\(kind.name))") }
        guard kind.isRead else { throw .unsupported(path: path, reason: kind.refusal(of: path)) }
        switch kind.name {
        case "WAV", "RF64": self = .wave(isBigEndian: head.starts(with: "RIFX".utf8))
        case "AIFF": self = .aiff
        case "MP3": self = .mpeg
        default: self = .other
        }
    }

    /// What a file's header says of its length.
    struct Extent {
        /// Bytes of samples that the header promises beyond the file's end.
        var missing = 0
        /// The file's first bytes with its true length in them, where the header holds a placeholder.
        var head: [UInt8]?
    }

    /// Compares the length in a file's header with the file's.
    ///
    /// A program that writes into a pipe cannot go back and fill in the length: it leaves a placeholder, and all that
    /// follows is sound. Where the length is no placeholder and the file is shorter, it was cut.
    func extent(of file: borrowing RegularFile, head: [UInt8]) throws(FileError) -> Extent {
        let isBigEndian: Bool, name: [UInt8]
        switch self {
        case .wave(let order): (isBigEndian, name) = (order, Array("data".utf8))
        case .aiff: (isBigEndian, name) = (true, Array("SSND".utf8))
        case .mpeg, .other: return Extent()
        }
        var block = head, blockStart = 0, offset = 12, longSize: (value: Int, offset: Int)?,
            common: (offset: Int, bytes: Int)?
        for _ in 0..<1000 {
            if offset + 36 > blockStart + block.count, blockStart + block.count < file.size {
                (block, blockStart) = (try file.bytes(at: offset, count: MediaKind.headLength), offset)
            }
            guard offset >= blockStart, offset + 8 <= blockStart + block.count else { return Extent() }
            let chunk = block[(offset - blockStart)...]
            let size = Self.number(chunk.dropFirst(4).prefix(4), isBigEndian)
            if chunk.starts(with: name) {
                let available = file.size - offset - 8, promised = longSize?.value ?? size
                guard available > 0, promised != available else { return Extent() }
                guard Self.isPlaceholder(promised) else { return Extent(missing: max(0, promised - available)) }
                if promised == 0, Self.isChunk(chunk.dropFirst(8), within: available, isBigEndian) { return Extent() }
                // Longer ones need no correction: libsndfile takes a length beyond the file's end for the file's end.
                guard offset + 8 <= 1 << 20, available < 0xFFFF_0000 else { return Extent() }
                var head = try file.bytes(at: 0, count: offset + 8)
                Self.put(available, size: 4, at: offset + 4, in: &head, isBigEndian)
                if let longSize { Self.put(available, size: 8, at: longSize.offset, in: &head, isBigEndian) }
                if let common, common.bytes > 0 {
                    Self.put(max(0, available - 8) / common.bytes, size: 4, at: common.offset, in: &head, isBigEndian)
                }
                return Extent(head: head)
            }
            if chunk.starts(with: "ds64".utf8), chunk.count >= 24 {
                longSize = (max(0, Self.number(chunk.dropFirst(16).prefix(8), isBigEndian)), offset + 16)
            }
            if chunk.starts(with: "COMM".utf8), chunk.count >= 16 {
                let channels = Self.number(chunk.dropFirst(8).prefix(2), true),
                    bits = Self.number(chunk.dropFirst(14).prefix(2), true)
                common = (offset + 10, channels * ((bits + 7) / 8))
            }
            offset += 8 + size + size & 1
        }
        return Extent()
    }

    /// Whether a length is one that programs write when they do not know it: 0, or close to the most that some integer
    /// holds, or a round number or power of two of a gigabyte and more.
    static func isPlaceholder(_ size: Int) -> Bool {
        if size == 0 || size >= 0xFFFF_0000 { return true }
        guard size >= 1_000_000_000 else { return false }
        let isRound = size % 10_000_000 < 4096
        let isNearAPowerOfTwo = [1 << 30, 1 << 31].contains { abs(size - $0) <= 1 << 16 }
        return isRound || isNearAPowerOfTwo
    }

    /// Whether bytes begin a chunk that fits into what is left of the file.
    private static func isChunk(_ bytes: ArraySlice<UInt8>, within available: Int, _ isBigEndian: Bool) -> Bool {
        guard bytes.count >= 8, bytes.prefix(4).allSatisfy({ (0x20...0x7E).contains($0) }) else { return false }
        return number(bytes.dropFirst(4).prefix(4), isBigEndian) <= available - 8
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ isBigEndian: Bool) -> Int {
        Int(
            truncatingIfNeeded: (isBigEndian ? Array(bytes) : bytes.reversed()).reduce(UInt64(0)) {
                $0 << 8 | UInt64($1)
            })
    }

    private static func put(_ value: Int, size: Int, at offset: Int, in bytes: inout [UInt8], _ isBigEndian: Bool) {
        guard offset + size <= bytes.count else { return }
        for place in 0..<size {
            bytes[offset + (isBigEndian ? size - 1 - place : place)] = UInt8(truncatingIfNeeded: value >> (8 * place))
        }
    }
}
