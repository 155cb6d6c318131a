import ConcordDatasets
import TestSupport
import Testing

@Suite struct AudioReadingTests {
    private let folder = TemporaryFolder()

    @Test(arguments: StoredAudio.exact) func samplesComeBackFromEveryKind(_ kind: StoredAudio) throws {
        let samples = noise(1234), path = folder.file(kind.name)
        try kind.write(samples, rate: 11025, to: path)
        let sound = try Audio(contentsOf: path)
        #expect(sound.rate == 11025)
        #expect(difference(sound.samples, samples) <= kind.tolerance)
        #expect(try Audio.header(of: path) == header(rate: 11025, channels: 1, frames: 1234, path))
    }

    private func header(rate: Int, channels: Int, frames: Int, _ path: String) throws -> Audio.Header {
        let header = try Audio.header(of: path)
        #expect(header.rate == rate && header.channels == channels && header.frames == frames)
        return header
    }

    @Test(arguments: [StoredAudio.vorbis, .mp3]) func lossyKindsComeBackNearly(_ kind: StoredAudio) throws {
        try kind.requireWritable()
        let samples = tones(32000, rate: 16000), path = folder.file(kind.name)
        try kind.write(samples, rate: 16000, to: path)
        let sound = try Audio(contentsOf: path)
        #expect(sound.rate == 16000)
        #expect(abs(sound.count - samples.count) < 2500)
        let middle = 8000..<24000
        #expect(difference(Array(sound.samples[middle]), Array(samples[middle])) < kind.tolerance)
    }

    @Test(arguments: [1, 2, 3, 8]) func channelsAreAveraged(channels: Int) throws {
        let path = folder.file("many.wav")
        let samples = noise(50_000 * channels)
        try StoredAudio.float.write(samples, channels: channels, rate: 48000, to: path)
        let wanted = (0..<50_000).map { i in
            (0..<channels).reduce(Float(0)) { $0 + samples[i * channels + $1] } / Float(channels)
        }
        #expect(difference(try Audio(contentsOf: path).samples, wanted) < 1e-6)
        #expect(try Audio.header(of: path).channels == channels)
    }

    @Test(arguments: [8000, 11024, 16000, 22050, 44099, 44100, 96000], [8000, 16000, 22051])
    func anyRateBecomesAnyOther(from: Int, to: Int) throws {
        let path = folder.file("tones.wav")
        try StoredAudio.float.write(tones(from, rate: from), rate: from, to: path)
        let sound = try Audio(contentsOf: path, rate: to)
        #expect(sound.rate == to && sound.count == to)
        // Away from the ends, where the silence outside has no part, it is the same tones at the other rate.
        let wanted = tones(to, rate: to), middle = to / 10..<to * 9 / 10
        #expect(difference(Array(sound.samples[middle]), Array(wanted[middle])) < 1e-4)
        #expect(try Audio(contentsOf: path).resampled(to: to) == sound)
    }

    @Test func tonesAboveHalfTheLowerRateAreFilteredOut() {
        let high = Audio((0..<32000).map { Float(sine(2 * .pi * 6000 * Double($0) / 32000)) }, rate: 32000)
        #expect(high.resampled(to: 8000).samples[800..<7200].allSatisfy { abs($0) < 1e-4 })
    }

    @Test(arguments: [(1, 44100, 16000), (2, 16000, 8000), (3, 8000, 48000), (7, 44099, 16000)])
    func theShortestSoundsAreResampled(count: Int, from: Int, to: Int) {
        let sound = Audio([Float](repeating: 0.5, count: count), rate: from).resampled(to: to)
        #expect(sound.count == (count * to + from - 1) / from)
        #expect(sound.samples.allSatisfy { $0.isFinite && abs($0) < 0.7 })
        #expect(abs(sound.samples[0]) > 0.1)
    }

    @Test(arguments: [(8000, 16000), (44100, 16000), (44099, 16000), (48000, 16000), (16000, 16000), (11024, 44100)])
    func aWindowIsThatPartOfTheWhole(from: Int, to: Int) throws {
        let path = folder.file("long.flac")
        try StoredAudio.flac.write(noise(from * 5), rate: from, to: path)
        let whole = try Audio(contentsOf: path, rate: to)
        #expect(whole.count == to * 5)
        for start in [0, 1, to / 3, 2 * to + 17, 4 * to, 5 * to - 1001, 5 * to - 1] {
            let window = start..<min(5 * to, start + 1001)
            let part = try Audio(contentsOf: path, rate: to, window: window)
            #expect(difference(part.samples, Array(whole.samples[window])) < 1e-4, "\(window)")
        }
        #expect(try Audio(contentsOf: path, rate: to, window: 5..<5).samples == [])
    }

    @Test(arguments: [StoredAudio.vorbis, .mp3]) func aWindowOfALossyFileIsThatPartOfTheWhole(
        _ kind: StoredAudio
    ) throws {
        try kind.requireWritable(rate: 44100)
        let path = folder.file(kind.name)
        try kind.write(tones(200_000, rate: 44100), rate: 44100, to: path)
        let whole = try Audio(contentsOf: path, rate: 16000)
        for start in [0, 10_001, 50_000] {
            let part = try Audio(contentsOf: path, rate: 16000, window: start..<start + 4000)
            #expect(difference(part.samples, Array(whole.samples[start..<start + 4000])) < 1e-4, "\(start)")
        }
    }

    @Test func aLongRationlessChangeKeepsTime() {
        // Ten minutes at a ratio without a common divisor: the last tone must still be in step.
        let from = 2003, to = 1999, seconds = 600
        let sound = Audio(tones(from * seconds, rate: from, highest: 300), rate: from).resampled(to: to)
        let wanted = tones(to * seconds, rate: to, highest: 300), end = to * (seconds - 2)..<to * (seconds - 1)
        #expect(difference(Array(sound.samples[end]), Array(wanted[end])) < 1e-4)
    }

    @Test func threadsReadAtOnce() async throws {
        let path = folder.file("shared.flac"), bad = try folder.write("RIFF....WAVEfmt nonsense", to: "bad.wav")
        try StoredAudio.flac.write(noise(40_000), channels: 2, rate: 44100, to: path)
        let wanted = try Audio(contentsOf: path, rate: 16000)
        let results = await withTaskGroup(of: Bool.self) { group in
            for i in 0..<24 {
                group.addTask {
                    if i % 3 == 0 { return (try? Audio(contentsOf: bad)) == nil }
                    return (try? Audio(contentsOf: path, rate: 16000)) == wanted
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results == Array(repeating: true, count: 24))
    }

    @Test func writtenSoundsComeBack() throws {
        let sound = Audio(noise(999), rate: 8000), path = folder.file("out.wav")
        try sound.write(wav: path)
        let back = try Audio(contentsOf: path)
        #expect(difference(back.samples, sound.samples) <= 1 / 65536)
        try back.write(wav: path)
        #expect(try Audio(contentsOf: path) == back)
        try sound.write(wav: path, .float32)
        #expect(try Audio(contentsOf: path) == sound)
        #expect(folder.contents == ["out.wav"])
    }

    @Test func loudSamplesAreClippedInIntegersOnly() throws {
        let sound = Audio([-3, -1, -0.5, 0, 0.5, 1, 3], rate: 8000), path = folder.file("out.wav")
        try sound.write(wav: path)
        #expect(try Audio(contentsOf: path).samples == [-1, -1, -0.5, 0, 0.5, 32767 / 32768, 32767 / 32768])
        try sound.write(wav: path, .float32)
        #expect(try Audio(contentsOf: path).samples == sound.samples)
    }

    @Test func aTableOfSoundsByPatternIsRead() throws {
        for (name, value) in [("3_anna_0.wav", Float(0.25)), ("4_ben_1.wav", -0.5)] {
            try Audio([value, value], rate: 8000).write(wav: folder.file(name))
        }
        let table = try FileListing(folder.path, pattern: "{digit}_{speaker}_{take}.wav").table
        let sounds = try table.map { ($0["speaker"], try Audio(contentsOf: $0.path("filepath")).samples[0]) }
        #expect(sounds.map(\.0) == ["anna", "ben"] && sounds.map(\.1) == [0.25, -0.5])
        #expect(try FileListing(folder.path, extensions: Audio.fileExtensions).table.count == 2)
    }

    @Test func foldersOfSoundsAreClasses() throws {
        for name in ["dog/1.wav", "dog/2.FLAC", "cat/a/b.ogg", "cat/notes.txt"] { _ = try folder.write("x", to: name) }
        let sounds = try AudioFolder(folder.path)
        #expect(sounds.classNames.names == ["cat", "dog"])
        #expect(sounds.table.map { $0["filepath"] } == ["cat/a/b.ogg", "dog/1.wav", "dog/2.FLAC"])
        _ = try folder.write("x", to: "bird/b.txt")
        #expect(try AudioFolder(folder.path).classNames.names == ["cat", "dog"])
    }
}
