import ConcordFiles

/// How long an MPEG audio file is, by counting its frames.
///
/// Only some programs write the number of frames into the first one (a Xing or Info header); without it decoders guess
/// from the file's size and the first frame's bit rate, which a variable rate or an album cover makes wrong.
struct MPEGLength: Sendable {
    /// Frames of sound, a Xing header's own frame not among them.
    let frames: Int
    /// What a Xing or Info header says; nil where there is none.
    let stated: Int?
    /// Where the first frame of sound begins.
    let start: Int
    /// The first frame's header.
    let header: [UInt8]

    /// The number of frames that the file says it has is the number it has.
    var isStatedRightly: Bool { stated.map { abs($0 - frames) <= 1 } ?? false }

    /// - Throws: `AudioError.unsupported` for AAC behind a tag.
    init?(of file: borrowing RegularFile) throws(AudioError) {
        var scan = Scan(file.size)
        do throws(FileError) { try scan.run(file) } catch { throw .unreadable(path: file.path, reason: error.reason) }
        if scan.isAAC {
            throw .unsupported(path: file.path, reason: MediaKind(.sound, "AAC").refusal(of: file.path))
        }
        guard let first = scan.first else { return nil }
        (frames, stated, start, header) = (scan.frames, scan.stated, scan.start, first)
    }

    /// A first frame that says how many follow, to put before the frames of sound.
    ///
    /// A few more than there are: the decoder then never stops early, and says itself where the end is.
    var informationFrame: [UInt8]? {
        var frame = header
        // No check sum, and a bit rate whose frame holds the header.
        frame[1] |= 1
        for rate in UInt8(1)...14 {
            frame[2] = frame[2] & 0x0D | rate << 4
            guard let length = MPEGFrame(frame[...])?.length, length >= 4 + 32 + 16 else { continue }
            var bytes = frame + [UInt8](repeating: 0, count: length - 4)
            let place = 4 + Self.sideInformation(frame)
            bytes.replaceSubrange(place..<place + 8, with: Array("Xing".utf8) + [0, 0, 0, 1])
            let count = UInt32(clamping: frames + 64)
            bytes.replaceSubrange(
                place + 8..<place + 12, with: (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * UInt32($0))) })
            return bytes
        }
        return nil
    }

    /// Bytes between a frame's header and its Xing header.
    private static func sideInformation(_ header: [UInt8]) -> Int {
        let isFirstVersion = header[1] >> 3 & 3 == 3, isMono = header[3] >> 6 == 3
        return isFirstVersion ? (isMono ? 17 : 32) : (isMono ? 9 : 17)
    }

    /// One pass over the frame headers.
    private struct Scan {
        var frames = 0, stated: Int?, start = 0, first: [UInt8]?, isAAC = false
        private let size: Int
        private var block: [UInt8] = [], blockStart = 0

        init(_ size: Int) { self.size = size }

        mutating func run(_ file: borrowing RegularFile) throws(FileError) {
            var offset = 0
            // Tags in front, each with its length in four times seven bits.
            while true {
                let tag = try bytes(file, at: offset, count: 10)
                guard tag.count == 10, tag.starts(with: "ID3".utf8) else { break }
                let length = tag.suffix(4).reduce(0) { $0 << 7 | Int($1 & 0x7F) }
                offset += 10 + length + (tag[tag.startIndex + 5] & 0x10 != 0 ? 10 : 0)
            }
            let behind = Array(try bytes(file, at: offset, count: MediaKind.headLength))
            if MediaKind(behind)?.name == "AAC" {
                isAAC = true
                return
            }
            while offset + 4 <= size {
                let header = try bytes(file, at: offset, count: 4)
                guard let frame = MPEGFrame(header), isLike(header) else {
                    offset += 1
                    continue
                }
                if first == nil {
                    // The first is one only if another follows it, or nothing.
                    let next = try bytes(file, at: offset + frame.length, count: 4)
                    guard next.count < 4 || MPEGFrame(next) != nil else {
                        offset += 1
                        continue
                    }
                    first = Array(header)
                    start = offset
                    if let found = try information(file, at: offset, Array(header)) {
                        stated = found
                        start = offset + frame.length
                        offset = start
                        continue
                    }
                }
                frames += 1
                offset += frame.length
            }
        }

        /// Frames of one file have one version, layer and rate.
        private func isLike(_ header: ArraySlice<UInt8>) -> Bool {
            guard let first else { return true }
            let start = header.startIndex
            return header[start + 1] & 0xFE == first[1] & 0xFE && header[start + 2] & 0x0C == first[2] & 0x0C
        }

        /// The number of frames in a Xing or Info header; 0 where it leaves it open.
        private mutating func information(
            _ file: borrowing RegularFile, at offset: Int, _ header: [UInt8]
        ) throws(FileError) -> Int? {
            let place = offset + 4 + MPEGLength.sideInformation(header)
            let block = try bytes(file, at: place, count: 12)
            if block.count == 12, block.starts(with: "Xing".utf8) || block.starts(with: "Info".utf8) {
                guard block[block.startIndex + 7] & 1 == 1 else { return 0 }
                return block.suffix(4).reduce(0) { $0 << 8 | Int($1) }
            }
            return try bytes(file, at: offset + 36, count: 4).elementsEqual("VBRI".utf8) ? 0 : nil
        }

        private mutating func bytes(
            _ file: borrowing RegularFile, at offset: Int, count: Int
        ) throws(FileError) -> ArraySlice<UInt8> {
            if offset < blockStart || offset + count > blockStart + block.count {
                (block, blockStart) = (
                    try file.bytes(at: offset, count: max(count, min(1 << 18, max(0, size - offset)))), offset
                )
            }
            let place = offset - blockStart
            guard place >= 0, place < block.count else { return [] }
            return block[place..<min(block.count, place + count)]
        }
    }
}
