package import ConcordFiles
import ConcordTensors

/// Fingerprints of what files hold: equal ones are then compared byte by byte, so that no chance decides.
package enum ContentFingerprint {
    /// Of a file's bytes, read a mebibyte at a time.
    package static func bytes(of path: String) throws(FileError) -> UInt64 {
        let file = try RegularFile(reading: path), part = 1 << 20
        var fingerprint = Fingerprint()
        fingerprint.add(file.size)
        for start in stride(from: 0, to: file.size, by: part) {
            fingerprint.add(try file.bytes(at: start, count: min(part, file.size - start)))
        }
        return fingerprint.value
    }

    /// Whether two files have the same bytes.
    package static func haveEqualBytes(_ path: String, _ other: String) throws(FileError) -> Bool {
        let a = try RegularFile(reading: path), b = try RegularFile(reading: other), part = 1 << 20
        guard a.size == b.size else { return false }
        for start in stride(from: 0, to: a.size, by: part) {
            let count = min(part, a.size - start)
            guard try a.bytes(at: start, count: count) == b.bytes(at: start, count: count) else { return false }
        }
        return true
    }

    /// Of an image's size and pixels, whatever file they are from.
    package static func pixels(of image: Image) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add(image.width)
        fingerprint.add(image.height)
        fingerprint.add(UnsafeRawBufferPointer(start: image.base, count: image.count))
        return fingerprint.value
    }

    /// Of a sound's rate and samples.
    package static func samples(of audio: Audio) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.add(audio.rate)
        audio.samples.withUnsafeBytes { fingerprint.add($0) }
        return fingerprint.value
    }
}
