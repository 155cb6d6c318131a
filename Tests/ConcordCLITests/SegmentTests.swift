import Concord
import Foundation
import TestSupport
import Testing

/// Rows that are parts of long recordings, by columns of their starts and ends.
@Suite struct SegmentTests {
    private let world: AudioWorld

    /// The world's clips of a second, one behind the other in one recording a pitch, and a table of where each is.
    init() throws {
        world = try AudioWorld()
        var rows = "recording\tfile\tbegin\tstop\ttitle\tpitch\n", rates = Set<Int>()
        for (number, pitch) in AudioWorld.pitches.enumerated() {
            var samples: [Float] = []
            for n in stride(from: number, to: 32, by: 4) {
                let clip = try Audio(contentsOf: world.sound(n))
                rates.insert(clip.rate)
                let start = Double(samples.count) / 8000
                samples += clip.samples
                rows +=
                    """
                        long/\(pitch).wav\tsounds/\(pitch)_\(n).wav\t\(start)\t\(Double(samples.count) / 8000)\ta \
                        \(pitch) tone \(n)\t\(pitch)\n
                        """
            }
            try FileManager.default.createDirectory(atPath: world.data + "/long", withIntermediateDirectories: true)
            try Audio(samples, rate: 8000).write(wav: world.data + "/long/\(pitch).wav")
        }
        try rows.write(toFile: world.data + "/parts.tsv", atomically: true, encoding: .utf8)
        try Self.recipe.write(toFile: world.recipe("parts"), atomically: true, encoding: .utf8)
        try Self.streams.write(toFile: world.recipe("streams"), atomically: true, encoding: .utf8)
    }

    private static let recipe = """
        steps: 6
        batch: 8
        data: {path: parts.tsv, columns: {text: title, audio: recording, start: begin, end: stop}, labels: [pitch], \
        split: {column: title, modulo: 3}}
        model:
          dimension: 16
          text: {width: 16, depth: 1, heads: 2, context: 8}
          audio: {encoder: log_mel, mels: 16, window: 128, hop: 64, channels: [16, 16], kernels: [3, 3], strides: [1, \
        2]}
        views: {audio: {rate: 8000, seconds: 0.5}}
        """

    private static let streams = """
        steps: 6
        batch: 4
        data: {path: parts.tsv, columns: {audio: recording, start: begin, end: stop}, group: pitch, labels: [pitch], \
        split: {column: title, modulo: 3}}
        model: {audio: {encoder: cpc, channels: [8, 8], kernels: [10, 8], strides: [5, 4], context: gru, hidden: 8}}
        objective: {name: predictive, horizon: 2, negatives: 8}
        views: {audio: {rate: 8000, seconds: 0.25}}
        """

    /// The same recipe over the clips as files of their own.
    private static let asFiles = ["data.columns.audio=file", "data.columns.start=null", "data.columns.end=null"].flatMap
    { ["--set", $0] }

    private func train(_ recipe: String, _ name: String, _ more: [String] = []) throws -> CommandLineTool.Outcome {
        try CommandLineTool.run(["train", world.recipe(recipe), "--data", world.data, "--out", world.run(name)] + more)
    }

    private func weights(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(world.run(name))/checkpoints/step-00000006.safetensors"))
    }

    private func report(_ name: String) throws -> String {
        let outcome = try CommandLineTool.run("evaluate", world.run(name), "--data", world.data)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }

    @Test(arguments: ["parts", "streams"]) func partsOfRecordingsTrainAndEvaluateAsTheirClipsDo(recipe: String) throws {
        let parts = try train(recipe, "parts"), files = try train(recipe, "files", Self.asFiles)
        #expect(parts.status == 0 && files.status == 0, "\(parts.errors)\(files.errors)")
        #expect(try weights("parts") == weights("files"))
        let (a, b) = (try report("parts"), try report("files"))
        #expect(a == b && a.contains("of pitch"), "\(a)\(b)")
    }

    @Test func clipsShorterThanTheWindowAreCountedInOneLine() throws {
        let trained = try train("parts", "run", ["--set", "data.split=none"])
        // Clip n has 3200 + 40 n samples; the window has 4000.
        #expect(
            trained.output.contains(
                "\n20 of 32 training clips are shorter than the window of 0.5 s (views.audio.seconds) and are "
                    + "zero-padded; "
                    + "the encoder masks the padding\n"), "\(trained.output)")
        let full = try train("parts", "full", ["--set", "views.audio.seconds=0.4"])
        #expect(full.status == 0 && !full.output.contains("shorter than the window"), "\(full.output)")
    }

    @Test(arguments: [
        ("1.5", "x", "parts.tsv:2: column \"stop\" is \"x\"; seconds wanted, 0 or more, such as 12.5"),
        ("-1", "2", "parts.tsv:2: column \"begin\" is \"-1\"; seconds wanted, 0 or more, such as 12.5"),
        ("1.5", "1.5", "parts.tsv:2: the segment ends at 1.5 s, not after its start at 1.5 s"),
        ("0", "99", "parts.tsv:2: the segment of 0.0 s to 99.0 s is not inside "),
        ("77", "", "parts.tsv:2: the segment of 77.0 s to the end is not inside "),
    ]) func aSegmentThatIsNoneIsRefusedWithItsLine(start: String, end: String, reason: String) throws {
        var lines = try String(contentsOfFile: world.data + "/parts.tsv", encoding: .utf8).split(separator: "\n").map(
            String.init)
        var fields = lines[1].split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        (fields[2], fields[3]) = (start, end)
        lines[1] = fields.joined(separator: "\t")
        try lines.joined(separator: "\n").write(toFile: world.data + "/parts.tsv", atomically: true, encoding: .utf8)
        let refused = try train("parts", "run")
        #expect(refused.status == 1 && refused.errors.contains(reason), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: world.run("run")))
    }

    @Test func emptyMelBandsAreSaidWithTheirKeys() throws {
        let trained = try train("parts", "run", ["--set", "model.audio.mels=256", "--set", "steps=1"])
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(
            trained.output.contains(" of 256 mel bands are empty, since no frequency of a window of 128 samples"),
            "\(trained.output)")
        #expect(trained.output.contains("model.audio.mels, ") && trained.output.contains("(model.audio.window)"))
    }

    @Test func filesLongerThanHalfAnHourAreCropped() throws {
        let folder = world.data + "/hours"
        for name in ["a", "b"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            for part in 0..<2 {
                let samples = (0..<2_100_000 + 100_000 * part).map { Float($0 % 97) / 200 }
                try Audio(samples, rate: 1000).write(wav: "\(folder)/\(name)/\(part).wav")
            }
        }
        let trained = try train(
            "parts", "run",
            [
                "--set", "data={kind: folder, path: hours, columns: {audio: filepath}, split: none}", "--set",
                "batch=2", "--set", "steps=1",
                "--set", "views.audio.seconds=1900", "--set", "views.audio.rate=1000", "--set", "model.audio.hop=4000",
            ])
        #expect(trained.status == 0 && !trained.errors.contains("read at once"), "\(trained.errors)")
    }
}
