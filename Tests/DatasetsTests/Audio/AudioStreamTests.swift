import ConcordDatasets
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct AudioStreamTests {
    private let folder = TemporaryFolder()

    /// Clips whose samples say which clip and which sample they are: (1000 clip + sample) / 2^16.
    private func write(_ counts: [Int], rate: Int = 8000) throws {
        for (clip, count) in counts.enumerated() {
            let samples = (0..<count).map { Float(1000 * clip + $0) / 65536 }
            try Audio(samples, rate: rate).write(wav: path(clip), .float32)
        }
    }

    private func path(_ clip: Int) -> String { folder.file("clip\(clip).wav") }

    /// Clip and sample of each.
    private func places(_ window: [Float]) -> [(clip: Int, sample: Int)] {
        window.map { Int($0 * 65536).quotientAndRemainder(dividingBy: 1000) }.map { ($0.quotient, $0.remainder) }
    }

    private let counts = [130, 57, 201, 99, 64, 80, 12, 300]

    private func streams(_ window: Int = 100, cacheLimit: Int? = nil) throws -> AudioStreams {
        try AudioStreams(
            counts.indices.map { (path($0), $0 % 2 == 0 ? "even" : "odd") }, window: window, rate: 8000,
            cacheLimit: cacheLimit)
    }

    private func epoch(
        _ streams: AudioStreams, _ number: Int, threads: Int = 2, shuffle: Bool = false, from step: Int = 0
    ) throws -> [[Float]] {
        let batches = streams.samples.batches(of: 2, seed: 3, shuffle: shuffle, dropLast: false, threads: threads) {
            $0
        }
        return try batches.epoch(number, startingAt: step).flatMap { try $0.get() }
    }

    @Test func windowsAreClipsEndToEnd() throws {
        try write(counts)
        let streams = try streams()
        // 407 even samples and 536 odd ones.
        #expect(streams.count == 4 + 5 && streams.names == ["even", "odd"] && streams.badClips.isEmpty)
        let windows = try epoch(streams, 0)
        #expect(windows.count == 9 && windows.allSatisfy { $0.count == 100 })
        for (name, all) in [(0, windows[..<4]), (1, windows[4...])] {
            let order = places(all.flatMap { $0 })
            var clips: [Int] = []
            for (i, place) in order.enumerated() {
                #expect(place.clip % 2 == name)
                if place.sample == 0 { clips.append(place.clip) }
                if i > 0, place.sample > 0 { #expect(order[i - 1] == (place.clip, place.sample - 1)) }
                if i > 0, place.sample == 0 { #expect(order[i - 1].sample == counts[order[i - 1].clip] - 1) }
            }
            #expect(Set(clips).count == clips.count)
        }
    }

    @Test func theOrderIsNewEachEpochAndEachSeed() throws {
        try write(counts)
        let streams = try streams()
        let orders = try (0..<6).map { try epoch(streams, $0) }
        #expect(Set(orders).count >= 5)
        #expect(try epoch(streams, 2) == orders[2])
        #expect(try epoch(self.streams(), 2) == orders[2])
        let other = streams.samples.batches(of: 2, seed: 4, shuffle: false, dropLast: false) { $0 }
        #expect(try other.epoch(0).flatMap { try $0.get() } != orders[0])
    }

    @Test(arguments: [0, 1, 3, 5]) func windowsDoNotDependOnThreadsNorOnTheCacheNorOnResuming(threads: Int) throws {
        try write(counts)
        let wanted = try epoch(streams(), 1, threads: 0, shuffle: true)
        for limit in [0, 1000, 1 << 20] {
            #expect(try epoch(streams(cacheLimit: limit), 1, threads: threads, shuffle: true) == wanted)
        }
        #expect(try epoch(streams(), 1, threads: threads, shuffle: true, from: 3) == Array(wanted[6...]))
    }

    @Test func aWindowCanBeMadeAgainFromItsKeys() throws {
        try write(counts)
        let samples = try streams().samples
        for batch in samples.batches(of: 3, seed: 8, { $0 }).epoch(5) {
            let again = try zip(batch.indices, batch.keys).map {
                try samples.sample($0, key: $1, epoch: batch.epochKey)
            }
            #expect(try batch.get() == again)
        }
    }

    @Test func longResampledFilesAreTheSameBitsKeptOrReadAgain() throws {
        // Three chunks of 65536 samples at the rate wanted, and a little.
        try StoredAudio.flac.write(noise(420_000), rate: 16000, to: folder.file("long.flac"))
        func windows(_ limit: Int) throws -> [[Float]] {
            let streams = try AudioStreams(
                [(folder.file("long.flac"), "a")], window: 4096, rate: 8000, cacheLimit: limit)
            #expect(streams.count == 51)
            return try epoch(streams, 0)
        }
        let kept = try windows(1 << 30)
        #expect(try windows(0) == kept && windows(300_000) == kept)
        let whole = try Audio(contentsOf: folder.file("long.flac"), rate: 8000)
        #expect(difference(kept.flatMap { $0 }, Array(whole.samples[..<(51 * 4096)])) < 1e-4)
    }

    @Test func everyFileIsAStreamOfItsOwnWhereNoneIsNamed() throws {
        try write(counts)
        let table = try FileListing(folder.path, pattern: "clip{number}.wav").table
        let streams = try AudioStreams(table, window: 100, rate: 8000)
        #expect(streams.names == [0, 2, 7].map(path))
        #expect(streams.count == 1 + 2 + 3)
        #expect(throws: DatasetError.self) { try AudioStreams(table, stream: "speaker", window: 100, rate: 8000) }
    }

    @Test func streamsThatAreTooShortAreAnError() throws {
        try write([50, 60])
        let clips = [(path(0), "a"), (path(1), "b")]
        #expect(throws: DatasetError.noWindows(window: 100, rate: 8000, longest: 60, streams: 2)) {
            try AudioStreams(clips, window: 100, rate: 8000)
        }
        #expect(throws: DatasetError.noWindows(window: 100, rate: 8000, longest: 0, streams: 0)) {
            try AudioStreams([(path: String, stream: String)](), window: 100, rate: 8000)
        }
    }

    @Test func aClipWhoseHeaderIsBadIsLeftOutAndNamed() throws {
        try write(counts)
        _ = try folder.write("hello", to: "clip3.wav")
        let streams = try streams()
        #expect(streams.badClips.map(\.name) == [path(3)])
        #expect(streams.badClips[0].reason.contains("not a sound"))
        #expect(streams.count == 4 + 4)
        #expect(try !epoch(streams, 0).flatMap { places($0) }.contains { $0.clip == 3 })
        _ = try folder.write("", to: "clip5.wav")
        #expect { try self.streams() } throws: {
            "\($0)".contains("2 of 8 samples tried are unreadable") && "\($0)".contains("clip3.wav")
        }
    }

    @Test(arguments: [0, 3]) func aClipThatTurnsOutBadLaterIsReplacedCountedAndNamedOnce(threads: Int) throws {
        try write(counts)
        var samples = [Float](repeating: 0, count: counts[7])
        samples[150] = .nan
        try Audio(samples, rate: 8000).write(wav: path(7), .float32)
        let streams = try streams(50)
        let batches = streams.samples.batches(of: 2, seed: 3, threads: threads, badLimit: 0.6) { $0 }
        for number in 0..<4 {
            for batch in batches.epoch(number) {
                #expect(try batch.get().allSatisfy { $0.count == 50 && !places($0).contains { $0.clip == 7 } })
            }
        }
        #expect(batches.badSamples.count > 4)
        #expect(
            batches.badSamples.examples.map(\.reason) == [
                """
                    \(path(7)): sample 150 is nan, not a number to compute with; write the file again without it or \
                    leave the file out
                    """
            ])
    }

    @Test func tooManyBadWindowsInOneEpochAreAnError() throws {
        try write(counts)
        for clip in [0, 2, 3, 7] {
            try Audio([Float](repeating: .infinity, count: counts[clip]), rate: 8000).write(wav: path(clip), .float32)
        }
        let batches = try streams(20).samples.batches(of: 2, badLimit: 0.2) { $0 }
        #expect { for batch in batches.epoch(0) { _ = try batch.get() } } throws: {
            "\($0)".contains("samples tried are unreadable")
        }
    }

    @Test func badWindowsOfSeveralEpochsDoNotAddUp() throws {
        try write(counts)
        try Audio([Float](repeating: .nan, count: counts[6]), rate: 8000).write(wav: path(6), .float32)
        // One clip of 12 samples spoils one or two of 17 windows each time, others in each epoch.
        let batches = try streams(50).samples.batches(of: 2, badLimit: 0.15) { $0 }
        for number in 0..<30 { for batch in batches.epoch(number) { _ = try batch.get() } }
        #expect(batches.badSamples.count >= 30 && batches.badSamples.examples.count == 1)
    }
}
