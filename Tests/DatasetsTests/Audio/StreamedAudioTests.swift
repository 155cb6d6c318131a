import ConcordDatasets
import ConcordTensors
import Foundation
import TestSupport
import Testing

/// Audios whose header does not say how long they are, or says what cannot be: what is there is read, whole.
@Suite struct StreamedSoundTests {
    private let folder = TemporaryFolder()

    private func contents(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
    }

    private func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// `header` and every window agree with the whole.
    private func expectWhole(
        _ path: String, _ wanted: [Float], tolerance: Float = 0, _ place: SourceLocation = #_sourceLocation
    ) throws {
        let sound = try Audio(contentsOf: path)
        #expect(difference(sound.samples, wanted, sourceLocation: place) <= tolerance, sourceLocation: place)
        #expect(try Audio.header(of: path).frames == wanted.count, sourceLocation: place)
        let window = wanted.count / 3..<wanted.count * 2 / 3
        let part = try Audio(contentsOf: path, window: window)
        #expect(difference(part.samples, Array(sound.samples[window])) <= max(tolerance, 1e-4), sourceLocation: place)
    }

    @Test(arguments: [
        0, 0xFFFF_FFFF, 0xFFFF_FFDB, 0x7FFF_FFFF, 0x8000_0000, 0x7FFF_F000, 0x7FFF_FFDB, 0x8000_0000 - 44,
        2_000_000_000, 1 << 30,
    ])
    func aWavWithAPlaceholderForItsLengthIsReadToItsEnd(size: Int) throws {
        try Audio(noise(5000), rate: 8000).write(wav: folder.file("a.wav"))
        let whole = try Audio(contentsOf: folder.file("a.wav")).samples
        var file = try contents("a.wav")
        file.replaceSubrange(40..<44, with: little(size))
        file.replaceSubrange(4..<8, with: little(size == 0 ? 0 : min(0xFFFF_FFFF, size + 36)))
        try expectWhole(try folder.write(file, to: "stream.wav"), whole)
    }

    @Test(arguments: [10_001, 20_000, 1_000_000, 123_456_789, 1_234_567_890])
    func aPlausibleLengthBeyondTheEndIsATruncatedCopy(size: Int) throws {
        try Audio(noise(5000), rate: 8000).write(wav: folder.file("a.wav"))
        var file = try contents("a.wav")
        file.replaceSubrange(40..<44, with: little(size))
        let path = try folder.write(file, to: "cut.wav")
        #expect(
            throws: AudioError.damaged(
                path: path, reason: "the file ends \(size - 10_000) bytes before its header says")
        ) {
            _ = try Audio(contentsOf: path)
        }
    }

    @Test func aWavWithoutSamplesButWithNotesIsEmpty() throws {
        try Audio([], rate: 8000).write(wav: folder.file("a.wav"))
        let path = try folder.write(
            try contents("a.wav") + Array("LIST".utf8) + little(4) + Array("INFO".utf8), to: "notes.wav")
        #expect(throws: AudioError.noSamples(path: path)) { _ = try Audio(contentsOf: path) }
    }

    @Test func anAiffWrittenIntoAPipeIsReadToItsEnd() throws {
        let kind = try #require(StoredAudio.exact.first { $0.name == "16bit.aiff" })
        try kind.write(noise(3000), rate: 16000, to: folder.file("a.aiff"))
        let whole = try Audio(contentsOf: folder.file("a.aiff")).samples
        var file = try contents("a.aiff")
        let data = try #require(file.indices.first { file[$0...].starts(with: "SSND".utf8) })
        file.replaceSubrange(data + 4..<data + 8, with: [0x7F, 0xFF, 0xFF, 0xFF])
        try expectWhole(try folder.write(file, to: "stream.aiff"), whole)
    }

    @Test func aFlacWithoutATotalIsReadToItsEnd() throws {
        try StoredAudio.flac.write(noise(50_000), rate: 16000, to: folder.file("a.flac"))
        let whole = try Audio(contentsOf: folder.file("a.flac")).samples
        var file = try contents("a.flac")
        file[21] &= 0xF0
        file.replaceSubrange(22..<26, with: [0, 0, 0, 0])
        try expectWhole(try folder.write(file, to: "stream.flac"), whole)
    }

    @Test(.enabled(if: StoredAudio.vorbis.isWritable())) func anOggWithoutAnEndIsReadAsFarAsItGoes() throws {
        try StoredAudio.vorbis.write(tones(200_000, rate: 16000), rate: 16000, to: folder.file("a.ogg"))
        let whole = try Audio(contentsOf: folder.file("a.ogg")).samples, file = try contents("a.ogg")
        let path = try folder.write(Array(file.prefix(file.count * 6 / 10)), to: "cut.ogg")
        let sound = try Audio(contentsOf: path)
        #expect(sound.count > 60_000 && sound.count < 160_000)
        try expectWhole(path, Array(whole.prefix(sound.count)), tolerance: 1e-4)
    }

    @Test(.enabled(if: StoredAudio.mp3.isWritable()), arguments: [0, 300_000])
    func anMP3WithoutAFrameCountIsReadToItsEnd(cover: Int) throws {
        try StoredAudio.mp3.write(tones(50_000, rate: 16000), rate: 16000, to: folder.file("a.mp3"))
        var file = try contents("a.mp3")
        let tag = try #require(
            file.indices.first { file[$0...].starts(with: "Xing".utf8) || file[$0...].starts(with: "Info".utf8) })
        // The header's frame becomes one of silence.
        file.replaceSubrange(tag..<tag + 160, with: [UInt8](repeating: 0, count: 160))
        let size = [cover >> 21, cover >> 14, cover >> 7, cover].map { UInt8($0 & 0x7F) }
        let front = cover > 0 ? Array("ID3".utf8) + [4, 0, 0] + size + [UInt8](repeating: 0, count: cover) : []
        let path = try folder.write(front + file, to: "stream.mp3")
        let sound = try Audio(contentsOf: path)
        try expectWhole(path, sound.samples)
        // The clip is in it whole, behind the frame of silence and the encoder's delay, which only the header says how
        // to cut off.
        let clip = try Audio(contentsOf: folder.file("a.mp3")).samples
        let delay = (0..<max(1, sound.count - clip.count + 1)).first { delay in
            stride(from: 3000, to: clip.count - 600, by: 97).allSatisfy {
                abs(sound.samples[delay + $0] - clip[$0]) < 1e-3
            }
        }
        #expect(clip.count == 50_000 && delay != nil, "\(sound.count) samples")
        #expect(sound.count < 50_000 + 6 * 576)
    }

    @Test(.enabled(if: StoredAudio.mp3.isWritable())) func anMP3WithAFalseFrameCountIsReadToItsEnd() throws {
        try StoredAudio.mp3.write(tones(50_000, rate: 16000), rate: 16000, to: folder.file("a.mp3"))
        var file = try contents("a.mp3")
        let tag = try #require(
            file.indices.first { file[$0...].starts(with: "Xing".utf8) || file[$0...].starts(with: "Info".utf8) })
        file.replaceSubrange(tag + 8..<tag + 12, with: [0, 0, 0, 9])
        let sound = try Audio(contentsOf: folder.write(file, to: "short.mp3"))
        #expect(sound.count >= 50_000)
    }

    @Test(
        arguments: [
            (Array("MThd".utf8), "MIDI"), ([0xFF, 0xF1, 0x50, 0x80, 0x01, 0x7F, 0xFC], "AAC"),
            (Array("wvpk".utf8), "WavPack"),
            ([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "WMA"), (Array("....ftypM4A ".utf8), "M4A"),
            (Array("#!AMR\n".utf8), "AMR"),
            (Array("OggS".utf8) + [UInt8](repeating: 0, count: 22) + [1, 80] + Array("Speex   ".utf8), "Speex"),
        ] as [([UInt8], String)]) func kindsThatAreNotReadAreNamedWithTheWayOut(file: [UInt8], name: String) throws
    {
        let path = try folder.write(file, to: "x.snd")
        do throws(AudioError) {
            _ = try Audio(contentsOf: path)
            Issue.record("read")
        } catch {
            #expect("\(error)".hasPrefix("\(path): \(name)"))
            #expect(
                "\(error)".hasSuffix(
                    name == "MIDI" ? "fluidsynth -F 'x.wav' SOUNDFONT 'x.snd'" : "ffmpeg -i 'x.snd' 'x.wav'"))
        }
    }
}
