import CSndfile
import ConcordDatasets
import ConcordTensors
import Foundation
import TestSupport
import Testing

/// A kind of file that libsndfile writes.
struct StoredAudio: Sendable, CustomTestStringConvertible {
    let name: String
    let format: Int32
    /// How far a sample may be from what was written: half a step of the format, or what a lossy code does to a smooth
    /// sound.
    let tolerance: Float

    var testDescription: String { name }

    private init(_ name: String, _ container: UInt32, _ code: UInt32, _ tolerance: Float) {
        (self.name, format, self.tolerance) = (name, Int32(container | code), tolerance)
    }

    static let exact = [
        StoredAudio("8bit.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_PCM_U8), 1 / 120),
        StoredAudio("16bit.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_PCM_16), 1 / 32000),
        StoredAudio("24bit.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_PCM_24), 1e-6),
        StoredAudio("32bit.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_PCM_32), 1e-6),
        StoredAudio("float.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_FLOAT), 0),
        StoredAudio("double.wav", numericCast(SF_FORMAT_WAV), numericCast(SF_FORMAT_DOUBLE), 0),
        StoredAudio("extensible.wav", numericCast(SF_FORMAT_WAVEX), numericCast(SF_FORMAT_PCM_16), 1 / 32000),
        StoredAudio("long.wav", numericCast(SF_FORMAT_RF64), numericCast(SF_FORMAT_PCM_16), 1 / 32000),
        StoredAudio("16bit.aiff", numericCast(SF_FORMAT_AIFF), numericCast(SF_FORMAT_PCM_16), 1 / 32000),
        StoredAudio("16bit.flac", numericCast(SF_FORMAT_FLAC), numericCast(SF_FORMAT_PCM_16), 1 / 32000),
        StoredAudio("24bit.flac", numericCast(SF_FORMAT_FLAC), numericCast(SF_FORMAT_PCM_24), 1e-6),
    ]
    static let vorbis = StoredAudio("vorbis.ogg", numericCast(SF_FORMAT_OGG), numericCast(SF_FORMAT_VORBIS), 0.05)
    /// From libsndfile 1.1 on.
    static let mp3 = StoredAudio("layer3.mp3", 0x230000, 0x0082, 0.05)

    static let wav = exact[1], float = exact[4], flac = exact[9]

    func isWritable(channels: Int = 1, rate: Int = 16000) -> Bool {
        var info = SF_INFO()
        (info.channels, info.samplerate, info.format) = (Int32(channels), Int32(rate), format)
        return sf_format_check(&info) != 0
    }

    /// Cancels the test, visibly, where this libsndfile does not write the kind.
    func requireWritable(rate: Int = 16000) throws {
        if !isWritable(rate: rate) { try Test.cancel("this libsndfile does not write \(name)") }
    }

    /// Writes interleaved samples.
    func write(_ samples: [Float], channels: Int = 1, rate: Int, to path: String) throws {
        var info = SF_INFO()
        (info.channels, info.samplerate, info.format) = (Int32(channels), Int32(rate), format)
        let file = try #require(sf_open(path, Int32(SFM_WRITE), &info))
        defer { sf_close(file) }
        let frames = sf_count_t(samples.count / channels)
        #expect(sf_writef_float(file, samples, frames) == frames)
    }
}

/// A sum of tones that stay below `highest` hertz, at an amplitude below 0.6.
func tones(_ count: Int, rate: Int, highest: Double = 1500) -> [Float] {
    (0..<count).map { i in
        let t = Double(i) / Double(rate) * 2 * .pi
        return Float(0.3 * sine(0.11 * highest * t) + 0.2 * sine(0.57 * highest * t + 1) + 0.08 * sine(highest * t + 2))
    }
}

func sine(_ x: Double) -> Double { Foundation.sin(x) }

/// Uniform noise in -0.5...0.5, the same each time.
func noise(_ count: Int, _ name: String = "noise") -> [Float] { hashed(name, [count], scale: 0.5).scalars }

/// The largest difference of two sounds of one length.
func difference(_ a: [Float], _ b: [Float], sourceLocation: SourceLocation = #_sourceLocation) -> Float {
    #expect(a.count == b.count, sourceLocation: sourceLocation)
    return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
