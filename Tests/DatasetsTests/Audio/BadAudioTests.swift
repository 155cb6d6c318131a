import ConcordDatasets
import ConcordTensors
import Foundation
import Synchronization
import TestSupport
import Testing

/// Every wrong file gives one line with its path and the reason.
@Suite struct BadSoundTests {
    private let folder = TemporaryFolder()

    private func expectError(
        _ path: String, saying words: String, header: Bool = true, rate: Int? = 16000, window: Range<Int>? = nil,
        limit: Double = 1800,
        sourceLocation: SourceLocation = #_sourceLocation, where matches: (AudioError) -> Bool
    ) {
        func check(_ read: () throws(AudioError) -> Void) {
            do throws(AudioError) {
                try read()
                Issue.record("read without complaint", sourceLocation: sourceLocation)
            } catch {
                #expect(matches(error), "\(error)", sourceLocation: sourceLocation)
                let line = "\(error)"
                #expect(
                    line.hasPrefix(path + ": ") && line.contains(words) && !line.contains("\n"), "\(line)",
                    sourceLocation: sourceLocation)
            }
        }
        check { () throws(AudioError) in _ = try Audio(contentsOf: path, rate: rate, window: window, limit: limit) }
        if header { check { () throws(AudioError) in _ = try Audio.header(of: path) } }
    }

    private func isDamaged(_ error: AudioError) -> Bool { if case .damaged = error { true } else { false } }

    private func wav(_ name: String, count: Int = 1000) throws -> [UInt8] {
        try Audio(noise(count), rate: 8000).write(wav: folder.file(name))
        return Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(name))))
    }

    @Test func aWavWithoutSamplesIsNamed() throws {
        try Audio([], rate: 8000).write(wav: folder.file("none.wav"))
        expectError(folder.file("none.wav"), saying: "without samples") {
            if case .noSamples = $0 { true } else { false }
        }
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity]) func aSampleThatIsNoNumberIsNamed(value: Float) throws {
        var samples = noise(5000)
        samples[4321] = value
        try Audio(samples, rate: 8000).write(wav: folder.file("a.wav"), .float32)
        expectError(folder.file("a.wav"), saying: "sample 4321 is \(value)", header: false) {
            if case .notFinite(_, 4321, _) = $0 { true } else { false }
        }
        // A part without it is read; its position is counted from the file's start.
        #expect(try Audio(contentsOf: folder.file("a.wav"), window: 0..<4000).count == 4000)
        expectError(folder.file("a.wav"), saying: "sample 4321", header: false, rate: nil, window: 4000..<5000) { _ in
            true
        }
    }

    @Test(arguments: [0.5, 0.9, 0.999]) func aTruncatedWavIsDamaged(fraction: Double) throws {
        let whole = try wav("a.wav")
        let path = try folder.write(Array(whole.prefix(Int(Double(whole.count) * fraction))), to: "cut.wav")
        expectError(path, saying: "bytes before its header says", where: isDamaged)
    }

    @Test(
        arguments: StoredAudio.exact.filter {
            $0.name.hasSuffix("aiff") || $0.name == "long.wav" || $0.name == "24bit.wav"
        })
    func otherTruncatedFilesWithChunksAreDamaged(_ kind: StoredAudio) throws {
        try kind.write(noise(2000), rate: 16000, to: folder.file(kind.name))
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(kind.name))))
        expectError(
            try folder.write(Array(whole.dropLast(1001)), to: "cut"), saying: "1001 bytes before its header",
            where: isDamaged)
    }

    @Test func aWavHeaderBehindLongChunksIsFollowed() throws {
        // A list of notes longer than what is looked at first, in front of the samples.
        var file = try wav("a.wav")
        let notes: [UInt8] = Array("LIST".utf8) + [0x85, 0x13, 0, 0] + [UInt8](repeating: 32, count: 0x1386)
        file.insert(contentsOf: notes, at: 36)
        #expect(try Audio(contentsOf: try folder.write(file, to: "notes.wav")).count == 1000)
        expectError(
            try folder.write(Array(file.dropLast(10)), to: "cut.wav"), saying: "10 bytes before", where: isDamaged)
    }

    @Test func aWavWrittenIntoAPipeIsReadToItsEnd() throws {
        var file = try wav("a.wav")
        file.replaceSubrange(4..<8, with: [255, 255, 255, 255])
        file.replaceSubrange(40..<44, with: [255, 255, 255, 255])
        #expect(try Audio(contentsOf: try folder.write(file, to: "pipe.wav")).count == 1000)
    }

    @Test func aTruncatedFlacIsDamagedWhereItEnds() throws {
        try StoredAudio.flac.write(noise(50_000), rate: 16000, to: folder.file("a.flac"))
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file("a.flac"))))
        let path = try folder.write(Array(whole.prefix(whole.count / 2)), to: "cut.flac")
        expectError(path, saying: "its header says 50000", header: false, where: isDamaged)
        #expect(try Audio(contentsOf: path, window: 0..<10_000).count == 10_000)
    }

    @Test(arguments: [StoredAudio.vorbis, .mp3]) func aTruncatedLossyFileIsReadAsFarAsItGoesOrDamaged(
        _ kind: StoredAudio
    ) throws {
        try kind.requireWritable()
        try kind.write(tones(50_000, rate: 16000), rate: 16000, to: folder.file(kind.name))
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(kind.name))))
        for fraction in [0.02, 0.3, 0.7, 0.95] {
            let path = try folder.write(Array(whole.prefix(Int(Double(whole.count) * fraction))), to: "cut")
            do throws(AudioError) {
                let sound = try Audio(contentsOf: path)
                #expect(sound.count < 50_000 && sound.count > 0)
            } catch { #expect("\(error)".hasPrefix(path)) }
        }
    }

    @Test func otherFilesAreNoSounds() throws {
        expectError(try folder.write("hello", to: "a.wav"), saying: "68 65 6c 6c") {
            if case .notAudio = $0 { true } else { false }
        }
        expectError(try folder.write("", to: "b.wav"), saying: "empty") {
            if case .notAudio = $0 { true } else { false }
        }
        expectError(try folder.write("\0\0\0\u{18}ftypM4A ", to: "c.m4a"), saying: "M4A") {
            if case .unsupported = $0 { true } else { false }
        }
        expectError(folder.file("none.wav"), saying: "No such file") {
            if case .unreadable = $0 { true } else { false }
        }
        expectError(folder.path, saying: "directory") { if case .unreadable = $0 { true } else { false } }
        expectError("/dev/zero", saying: "not a regular file") { if case .unreadable = $0 { true } else { false } }
    }

    @Test(arguments: ["RIFF\0\0\0\0WAVE", "fLaC", "OggS", "ID3", "FORM\0\0\0\0AIFF", ".snd"])
    func aSignatureAloneIsDamaged(
        _ text: String
    ) throws {
        expectError(try folder.write(text, to: "a"), saying: "damaged") { isDamaged($0) }
    }

    /// libsndfile closes the descriptor of what it cannot open; a second close would hit whatever file has got its
    /// number since.
    @Test func damageClosesNoOtherFile() async throws {
        let bad = try folder.write("OggS", to: "bad.ogg"), isDone = Flag()
        let broken = await withTaskGroup(of: Int.self) { group in
            group.addTask {
                for _ in 0..<5000 { _ = try? Audio(contentsOf: bad) }
                isDone.value.store(true, ordering: .relaxed)
                return 0
            }
            group.addTask {
                var broken = 0
                while !isDone.value.load(ordering: .relaxed) {
                    if close(open("/dev/null", O_RDONLY | O_CLOEXEC)) != 0 { broken += 1 }
                }
                return broken
            }
            return await group.reduce(0, +)
        }
        #expect(broken == 0)
    }

    /// libsndfile keeps the reason of the last failed opening for all threads.
    @Test func everyFileIsRefusedForItsOwnReason() async throws {
        var file = try wav("a.wav")
        file.replaceSubrange(24..<28, with: [255, 255, 255, 255])
        let paths = [try folder.write(file, to: "rate.wav"), try folder.write("OggS", to: "bad.ogg")]
        let reasons = await withTaskGroup(of: Set<String>.self) { group in
            for path in paths + paths {
                group.addTask {
                    Set((0..<1500).map { _ in
                        do { return "\(try Audio(contentsOf: path).count)" } catch { return "\(error)" }
                    })
                }
            }
            return await group.reduce(into: [Set<String>]()) { $0.append($1) }
        }
        #expect(reasons.allSatisfy { $0.count == 1 } && Set(reasons).count == 2, "\(Set(reasons))")
    }

    @Test(arguments: [0, 1, 99, 2_000_000, 0xFFFF_FFFF]) func anAbsurdRateIsRefused(rate: Int) throws {
        var file = try wav("a.wav")
        file.replaceSubrange(24..<28, with: (0..<4).map { UInt8(truncatingIfNeeded: rate >> (8 * $0)) })
        expectError(try folder.write(file, to: "b.wav"), saying: "header") {
            switch $0 {
            case .rate, .damaged: true
            default: false
            }
        }
    }

    @Test func aLongFileIsRefusedUnlessAWindowIsAsked() throws {
        let path = folder.file("long.wav")
        try Audio([Float](repeating: 0, count: 400 * 20), rate: 400).write(wav: path)
        expectError(path, saying: "20.0 s of sound, where 10.0 s", header: false, limit: 10) {
            if case .tooLong = $0 { true } else { false }
        }
        #expect(try Audio(contentsOf: path, window: 4000..<6000, limit: 10).count == 2000)
        expectError(path, saying: "11.0 s", header: false, rate: nil, window: 0..<4400, limit: 10) {
            if case .tooLong = $0 { true } else { false }
        }
    }

    @Test func aWindowOutsideIsNamed() throws {
        _ = try wav("a.wav")
        for window in [1900..<2001, 5000..<5001, -1..<1] {
            expectError(folder.file("a.wav"), saying: "not inside its 2000", header: false, window: window) {
                $0 == .outside(path: folder.file("a.wav"), window: window, frames: 2000)
            }
        }
    }

    @Test func badFilesLeaveNothingOpen() throws {
        let bad = try folder.write("RIFF....WAVEfmt nonsense", to: "bad.wav"),
            cut = try folder.write(Array(try wav("a.wav").dropLast(9)), to: "cut.wav")
        let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        for _ in 0..<300 {
            _ = try? Audio(contentsOf: bad)
            _ = try? Audio(contentsOf: cut)
            _ = try? Audio(contentsOf: folder.path)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count < before + 100)
    }

    @Test(arguments: [StoredAudio.wav, .float, .flac, .vorbis, .mp3]) func noCorruptionDoesWorseThanAnError(
        _ kind: StoredAudio
    ) throws {
        try kind.requireWritable()
        try kind.write(tones(4000, rate: 16000), rate: 16000, to: folder.file(kind.name))
        let whole = Array(try Data(contentsOf: URL(fileURLWithPath: folder.file(kind.name))))
        var random = RandomKey(seed: 5).derived(kind.name).sequence
        for _ in 0..<60 {
            var file = whole
            for _ in 0...random.integer(below: 4) {
                file[random.integer(below: min(file.count, 400))] = UInt8(random.integer(below: 256))
            }
            let path = try folder.write(file, to: "wrong")
            do throws(AudioError) {
                let sound = try Audio(contentsOf: path)
                let isFinite = sound.samples.allSatisfy { $0.isFinite }
                #expect(isFinite)
            } catch { #expect("\(error)".hasPrefix(path)) }
        }
    }

    @Test func writingWhereNothingCanBeWrittenIsAnError() throws {
        let sound = Audio([0, 0], rate: 8000)
        #expect(throws: AudioError.self) { try sound.write(wav: folder.file("none/out.wav")) }
        #expect(throws: AudioError.self) { try sound.write(wav: folder.path) }
        #expect(folder.contents == [])
    }
}

private final class Flag: Sendable {
    let value = Atomic(false)
}
