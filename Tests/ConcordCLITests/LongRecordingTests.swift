import Concord
import Foundation
import TestSupport
import Testing

/// Recordings that are longer than the model's window.
@Suite struct LongRecordingTests {
    /// A tone in a noisy recording at 8 kHz, in seconds.
    private func write(_ path: String, seconds: Double, tone: Range<Double>, pitch: Float = 1200) throws {
        var state: UInt32 = 7
        let samples = (0..<Int(seconds * 8000)).map { place -> Float in
            state = state &* 1_664_525 &+ 1_013_904_223
            let noise = Float(Int32(bitPattern: state) >> 16) / 32768 * 0.001
            return noise + (tone.contains(Double(place) / 8000) ? 0.4 * sin(Float(place) * 2 * .pi * pitch / 8000) : 0)
        }
        try Audio(samples, rate: 8000).write(wav: path)
    }

    @Test func aLongRecordingIsFoundByItsWindowWithItsPlace() throws {
        let world = try AudioWorld()
        let trained = try world.train("three", "run", "--set", "steps=2")
        try #require(trained.status == 0, "\(trained.errors)")
        let burst = world.folder.path + "/burst.wav", clip = world.folder.path + "/clip.wav",
            index = world.folder.path + "/i.st"
        try write(burst, seconds: 8, tone: 2..<2.4)
        // The window from 2.0 s on, cut out: 0.4 s are the recipe's clip.
        let whole = try Audio(contentsOf: burst).samples
        try Audio(Array(whole[16000..<19200]), rate: 8000).write(wav: clip)

        let embed = try CommandLineTool.run("embed", world.run(), "--audio", burst, world.sound(0), "--out", index)
        #expect(embed.status == 0 && embed.output.contains("21 embeddings of 16"), "\(embed.output)\(embed.errors)")
        #expect(embed.output.contains("2 of 2 files embedded"))
        let stored = try EmbeddingIndex(path: index)
        let parts = stored.seconds.prefix(20).compactMap { $0 }
        #expect(
            parts.count == 20 && stored.names.prefix(20).allSatisfy { $0 == burst }
                && stored.names.last == world.sound(0))
        for (n, part) in parts.enumerated() {
            #expect(abs(part.lowerBound - 0.4 * Double(n)) < 1e-4 && abs(part.upperBound - 0.4 * Double(n + 1)) < 1e-4)
        }
        let found = try CommandLineTool.run("search", world.run(), "--index", index, "--audio", clip, "-k", "1")
        #expect(found.output == "1.0000\t\(burst) [2.0 s to 2.4 s]\n", "\(found.output)\(found.errors)")

        let wide = try CommandLineTool.run(
            "embed", world.run(), "--audio", burst, "--out", index, "--windows", "2", "--hop", "1.5")
        #expect(wide.status == 0, "\(wide.errors)")
        #expect(try EmbeddingIndex(path: index).seconds == [0..<2, 1.5..<3.5, 3..<5, 4.5..<6.5, 6..<8].map { $0 })

        let one = try CommandLineTool.run("embed", world.run(), "--audio", burst, "--out", index, "--per-file")
        let mean = try EmbeddingIndex(path: index)
        #expect(one.status == 0 && mean.names == [burst] && mean.seconds == [nil])
        let rows = stored.embeddings.scalars
        let expected = (0..<16).map { column in (0..<20).reduce(Float(0)) { $0 + rows[$1 * 16 + column] } }
        let length = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (value, sum) in zip(mean.embeddings.scalars, expected) { #expect(abs(value - sum / length) < 1e-5) }
    }

    /// Nothing but the tone differs, and it is not in the middle.
    @Test func whatIsNotInTheMiddleCounts() throws {
        let world = try AudioWorld()
        try #require(world.train("three", "run", "--set", "steps=2").status == 0)
        let burst = world.folder.path + "/burst.wav", silent = world.folder.path + "/silent.wav"
        try write(burst, seconds: 6, tone: 1..<2)
        try write(silent, seconds: 6, tone: 0..<0)
        let run = try Run(world.run())
        let embeddings = try run.embed(audio: [burst, silent]).scalars
        let cosine = zip(embeddings.prefix(16), embeddings.suffix(16)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        #expect(cosine < 0.9999, "\(cosine)")
    }

    @Test(arguments: [["--windows", "0"], ["--windows", "1e9"], ["--hop", "9"], ["--windows", "nan"]])
    func aWindowThatIsNoneIsRefused(options: [String]) throws {
        let world = try AudioWorld()
        try #require(world.train("three", "run", "--set", "steps=1").status == 0)
        let refused = try CommandLineTool.run(
            ["embed", world.run(), "--audio", world.sound(1), "--out", world.folder.path + "/i.st"] + options)
        #expect(refused.status == 1 && refused.errors.contains("possible"), "\(refused.errors)")
    }

    /// The high-water mark of memory, in KiB, of embedding one file.
    private func peak(_ run: String, _ file: String, _ folder: String) throws -> Int {
        let process = Process(), log = folder + "/time"
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        // Sampled while it runs: `time -v` is not everywhere.
        process.arguments = [
            "-c",
            """
            '\(CommandLineTool.path)' embed '\(run)' --audio '\(file)' --out '\(folder)/i.st' > /dev/null & p=$!
            while kill -0 $p 2> /dev/null; do grep VmHWM /proc/$p/status >> '\(log)' 2> /dev/null; sleep 0.02; done; \
            wait $p
            """,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let text = try String(contentsOfFile: log, encoding: .utf8)
        try FileManager.default.removeItem(atPath: log)
        return text.split(separator: "\n").compactMap { Int($0.filter(\.isNumber)) }.max() ?? 0
    }

    @Test(arguments: ["three", "predictive"]) func memoryDoesNotGrowWithTheLengthOfARecording(recipe: String) throws {
        let world = try AudioWorld()
        try #require(world.train(recipe, "run", "--set", "steps=1").status == 0)
        let short = world.folder.path + "/short.wav", long = world.folder.path + "/long.wav"
        // Long enough that samples meet its peak on a busy machine too.
        try write(short, seconds: 600, tone: 1..<2)
        try write(long, seconds: 1800, tone: 1..<2)
        let first = try peak(world.run(), short, world.folder.path),
            second = try peak(world.run(), long, world.folder.path)
        // 20 more minutes as float32 would be 37 MiB, and a predictive run's first activations 9 times that.
        #expect(second - first < 24 << 10, "\(first) KiB for ten minutes, \(second) KiB for half an hour")
    }
}
