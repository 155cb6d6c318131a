import ConcordFiles

extension Audio {
    /// How samples are stored in a WAV file.
    public enum WAVFormat: Sendable {
        /// 16 bits, rounded; what is beyond -1...1 is clipped.
        case int16
        /// 32-bit floats, exactly as they are.
        case float32
    }

    /// Writes the sound as a WAV file of one channel: beside its place, then moved there.
    /// - Throws: `AudioError.unwritable`.
    public func write(wav path: String, _ format: WAVFormat = .int16) throws(AudioError) {
        // By hand and not by libsndfile, which puts the time into files of floats (the PEAK chunk) and a chunk more or
        // less with its version: equal sounds have equal files.
        let size = format == .int16 ? 2 : 4
        guard count <= (Int(UInt32.max) - 64) / size else {
            throw .unwritable(path: path, reason: "\(count) samples are more than a WAV file holds")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + size * count)
        func append(_ name: String) { bytes += name.utf8 }
        func append<T: FixedWidthInteger>(_ value: T) { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        append("RIFF")
        append(UInt32(36 + (format == .int16 ? 0 : 12) + size * count))
        append("WAVEfmt ")
        append(UInt32(16))
        append(UInt16(format == .int16 ? 1 : 3))
        append(UInt16(1))
        append(UInt32(rate))
        append(UInt32(rate * size))
        append(UInt16(size))
        append(UInt16(8 * size))
        if format == .float32 {
            append("fact")
            append(UInt32(4))
            append(UInt32(count))
        }
        append("data")
        append(UInt32(size * count))
        for sample in samples {
            switch format {
            // The scale that readers use: what was read from 16 bits is written as it was. A NaN becomes silence.
            case .int16: append(Int16(max(-32768, min(32767, sample.isNaN ? 0 : (sample * 32768).rounded()))))
            case .float32: append(sample.bitPattern)
            }
        }
        do throws(FileError) { try WholeFile.write(bytes, to: path, isDurable: false) } catch {
            throw .unwritable(path: path, reason: error.reason)
        }
    }
}
