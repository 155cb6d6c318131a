import Concord
import Foundation
import TestSupport

/// Forty-eight images of one color each with a caption, and a recipe that learns them in seconds.
struct SmallWorld {
    let folder: TemporaryFolder

    var data: String { folder.path + "/data" }
    var recipe: String { folder.path + "/small.yaml" }
    func run(_ name: String = "run") -> String { folder.path + "/" + name }

    init() throws {
        folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        var rows = "filepath\ttitle\ttone\n"
        let tones = ["dark", "pale", "red", "blue"]
        for n in 0..<48 {
            let tone = tones[n % 4], level = UInt8(n * 2)
            let color =
                [
                    Image.Color(level, level, level), Image.Color(250 - level, 250, 250), Image.Color(200, level, 20),
                    Image.Color(20, level, 220),
                ][n % 4]
            try Image(width: 20, height: 16, color).write(jpeg: "\(data)/\(n).jpg")
            rows += "\(n).jpg\ta \(tone) square number \(n)\t\(tone)\n"
        }
        try rows.write(toFile: data + "/pairs.tsv", atomically: true, encoding: .utf8)
        try Self.yaml.write(toFile: recipe, atomically: true, encoding: .utf8)
    }

    static let yaml = """
        steps: 24
        batch: 8
        data: {kind: table, path: pairs.tsv, labels: [tone], split: {column: filepath, modulo: 4}}
        tokenizer: english-wordpiece
        model:
          dimension: 16
          image: {depth: 18, width: 4, stem: cifar}
          text: {width: 16, depth: 1, heads: 2, context: 12, dropout: 0.1}
        views: {size: 16, crop: random_resized, jitter: 0.5}
        optimizer: {learning_rate: 2e-3}
        schedule: {warmup_steps: 4}
        checkpoint: {every: 4}
        """

    func train(_ name: String = "run", _ more: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.run(["train", recipe, "--data", data, "--out", run(name)] + more)
    }

    /// Trains a run that is killed at ten instants, and more until one falls into the training, and resumed each time.
    /// - Parameters:
    ///   - name: the run's.
    ///   - starting: the command that makes it.
    ///   - resuming: the command that `--resume` is added to; `starting` by default.
    /// - Returns: how the last command ended, and all that it said.
    func trainKilling(
        _ name: String, _ starting: [String], resuming: [String]? = nil
    ) throws -> (status: Int32, text: String) {
        let log = folder.path + "/log"
        func start() throws -> Process {
            let isThere = FileManager.default.fileExists(atPath: run(name) + "/recipe.yaml")
            _ = FileManager.default.createFile(atPath: log, contents: nil)
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
            return try CommandLineTool.start(
                isThere ? (resuming ?? starting) + ["--resume"] : starting, output: handle, errors: handle)
        }
        var kills = 0, delay = 0.02
        while kills < 10 || ((try? steps(name).isEmpty) ?? true) {
            let process = try start()
            Thread.sleep(forTimeInterval: delay)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            (kills, delay) = (kills + 1, delay * 1.35)
        }
        let last = try start()
        last.waitUntilExit()
        return (last.terminationStatus, try String(contentsOfFile: log, encoding: .utf8))
    }

    /// The model's file at a step.
    func weights(_ name: String, step: Int = 24) throws -> Data {
        let digits = String(repeating: "0", count: 8 - String(step).count) + String(step)
        return try Data(contentsOf: URL(fileURLWithPath: "\(run(name))/checkpoints/step-\(digits).safetensors"))
    }

    /// The steps in `metrics.jsonl`, in order.
    func steps(_ name: String) throws -> [Int] {
        try String(contentsOfFile: run(name) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return object?["step"] as? Int ?? -1
        }
    }
}
