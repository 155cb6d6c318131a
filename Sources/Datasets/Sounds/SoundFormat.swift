import ConcordFiles

/// The kinds of files that are read, told by their first bytes, never by their names.
enum SoundFormat {
    /// RIFF, RIFX or RF64: chunks, the samples in one named `data`.
    case wave(isBigEndian: Bool)
    /// Chunks, the samples in one named `SSND`; numbers are big-endian.
    case aiff
    /// Another that libsndfile knows.
    case other

    /// - Parameter head: the file's first bytes, 12 or more where it has them.
    init(_ head: [UInt8], path: String) throws(SoundError) {
        func starts(_ signature: String, at offset: Int = 0) -> Bool { head.dropFirst(offset).starts(with: signature.utf8) }
        if (starts("RIFF") || starts("RF64")) && starts("WAVE", at: 8) {
            self = .wave(isBigEndian: false)
        } else if starts("RIFX") && starts("WAVE", at: 8) {
            self = .wave(isBigEndian: true)
        } else if starts("FORM") && (starts("AIFF", at: 8) || starts("AIFC", at: 8)) {
            self = .aiff
        } else if Self.others.contains(where: { starts($0) }) || (head.count > 1 && head[0] == 0xFF && head[1] & 0xE0 == 0xE0) {
            self = .other
        } else if head.isEmpty {
            throw .notASound(path: path, found: "the file is empty")
        } else if starts("ftyp", at: 4) {
            throw .unsupported(path: path, reason: "MP4 and M4A sounds are not read")
        } else if head.starts(with: [0x30, 0x26, 0xB2, 0x75]) {
            throw .unsupported(path: path, reason: "WMA sounds are not read")
        } else {
            let bytes = head.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(separator: " ")
            throw .notASound(path: path, found: "it begins with the bytes \(bytes)")
        }
    }

    /// FLAC, OGG, MP3 with a tag, Sun's AU, Apple's CAF, Sony's Wave64.
    private static let others = ["fLaC", "OggS", "ID3", ".snd", "caff", "riff"]

    /// Bytes of samples that the file's header promises beyond the file's end; 0 where it says nothing of the kind.
    ///
    /// libsndfile reads what is there and takes that for the whole.
    /// - Parameter head: the file's first bytes, in which most files' chunks up to the samples stand.
    func missingBytes(in file: borrowing RegularFile, head: [UInt8]) throws(FileError) -> Int {
        let isBigEndian: Bool, name: [UInt8]
        switch self {
        case .wave(let order): (isBigEndian, name) = (order, Array("data".utf8))
        case .aiff: (isBigEndian, name) = (true, Array("SSND".utf8))
        case .other: return 0
        }
        var block = head, blockStart = 0, offset = 12, longSize: Int?
        for _ in 0..<1000 {
            if offset + 8 > blockStart + block.count {
                (block, blockStart) = (try file.bytes(at: offset, count: 36), offset)
                if block.count < 8 { return 0 }
            }
            let chunk = block[(offset - blockStart)...]
            let size = Self.number(chunk.dropFirst(4).prefix(4), isBigEndian)
            if chunk.starts(with: name) {
                // Programs that write into a pipe leave the size open.
                if size == 0 || (size >= 0xFFFF_FF00 && longSize == nil) { return 0 }
                return max(0, (longSize ?? size) - (file.size - offset - 8))
            }
            if chunk.starts(with: "ds64".utf8), chunk.count >= 24 {
                longSize = max(0, Self.number(chunk.dropFirst(16).prefix(8), isBigEndian))
            }
            offset += 8 + size + size & 1
        }
        return 0
    }

    private static func number(_ bytes: ArraySlice<UInt8>, _ isBigEndian: Bool) -> Int {
        Int(truncatingIfNeeded: (isBigEndian ? Array(bytes) : bytes.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }
}
