import Concord
import Foundation
import TestSupport

/// Ninety-six images, sounds, titles and ids, lines of text, and recipes that ranks train on them in a second.
///
/// Of images the learning rates are small: training amplifies rounding where a value near zero falls on the other side
/// of a rectifier, and the optimizer where it divides small gradients by their own size. At 1e-3 a run of one process in
/// microbatches differs by 1e-3 from the plain one after 20 steps, at 2e-5 by 4e-5 at most over the seeds 1 to 4.
struct RankWorld {
    let tools: MPITools
    let folder = TemporaryFolder()

    var data: String { folder.file("data") }
    func run(_ name: String) -> String { folder.file(name) }
    func recipe(_ name: String) -> String { folder.file(name + ".yaml") }

    /// What a step logged.
    struct Step: Decodable, Equatable {
        let step: Int
        let loss: Double
        let gradientNorm: Double

        private enum CodingKeys: String, CodingKey {
            case step, loss
            case gradientNorm = "gradient_norm"
        }
    }

    init(_ tools: MPITools) throws {
        self.tools = tools
        let words = ["red", "green", "blue", "cat", "dog", "cow", "lamp", "ship"]
        for name in ["images", "sounds"] {
            try FileManager.default.createDirectory(atPath: "\(data)/\(name)", withIntermediateDirectories: true)
        }
        var rows = "image\trecording\ttitle\tkind\tuser\titem\n"
        for n in 0..<96 {
            var random = RandomKey(seed: UInt64(n)).sequence
            func uniform() -> Float { Float(random.next() >> 40) / Float(1 << 24) }
            let pixels = (0..<24 * 24 * 3).map { _ in UInt8(255 * uniform()) }
            try Image(pixels: Tensor(pixels, shape: [24, 24, 3])).write(jpeg: "\(data)/images/\(n).jpg")
            let turn: Float = 2 * .pi * Float(300 + 37 * n % 1500) / 8000
            let samples = (0..<2400).map { (place: Int) -> Float in
                let tone: Float = 0.3 * sin(Float(place) * turn)
                return tone + 0.1 * uniform()
            }
            try Audio(samples, rate: 8000).write(wav: "\(data)/sounds/\(n).wav")
            rows += "images/\(n).jpg\tsounds/\(n).wav\ta \(words[n % 8]) \(words[n / 8 % 8]) \(n)\t\(words[n % 8])"
            rows += "\tu\(n * 7 % 24)\ti\(n * 5 % 31)\n"
        }
        try folder.write(rows, to: "data/rows.tsv")
        var text = ""
        for line in 0..<300 {
            for place in 0..<12 {
                let number: Int = line * 31 + place * place * 7 + line / 5
                text += words[number % 8] + (place < 11 ? " " : "\n")
            }
        }
        try folder.write(text, to: "data/text.txt")
        for (name, yaml) in Self.recipes { try folder.write(Self.head + yaml, to: name + ".yaml") }
    }

    /// Trains in several processes, or in one that mpirun did not start.
    @discardableResult
    func train(
        _ recipe: String, _ run: String, ranks: Int, _ settings: [String] = [], _ more: [String] = []
    ) throws
        -> RankProcesses.Outcome
    {
        try tools.run(ranks: ranks, command(recipe, run, settings, more))
    }

    func command(_ recipe: String, _ run: String, _ settings: [String] = [], _ more: [String] = []) -> [String] {
        [tools.path("concord"), "train", self.recipe(recipe), "--data", data, "--out", self.run(run), "--threads", "1"]
            + settings.flatMap { ["--set", $0] } + more
    }

    /// The lines of `metrics.jsonl`.
    func steps(_ run: String) throws -> [Step] {
        try String(contentsOfFile: self.run(run) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Step.self, from: Data($0.utf8)) }
    }

    /// The model's or optimizer's file at a step.
    func checkpoint(_ run: String, step: Int, _ kind: String = "") throws -> Data {
        let digits = String(repeating: "0", count: 8 - String(step).count) + String(step)
        return try Data(
            contentsOf: URL(fileURLWithPath: "\(self.run(run))/checkpoints/step-\(digits)\(kind).safetensors"))
    }

    /// Runs of another number of processes are compared within float32's rounding.
    private static let head = "seed: 1\nsteps: 20\nprecision: float32\n"

    private static let views = """
        batch: 32
        data: {path: rows.tsv, columns: {image: image}, split: none}
        model: {image: {depth: 18, stem: cifar, width: 8}}
        views: {size: 16, crop: random_resized, scale: 0.5, flip: true, jitter: 0.4}
        optimizer: {learning_rate: 2e-5, clip: 1}
        schedule: {warmup_steps: 2}
        ranks: {sync_batch_norm: true}
        checkpoint: {every: 10}

        """

    static let recipes = [
        "clip": """
        batch: 32
        data: {path: rows.tsv, columns: {image: image, text: title}, split: none}
        model:
          dimension: 16
          image: {depth: 18, stem: cifar, width: 8}
          text: {width: 32, depth: 2, heads: 2, context: 12, dropout: 0.1}
        views: {size: 16, crop: random_resized, scale: 0.5, flip: true}
        optimizer: {learning_rate: 2e-5, weight_decay: 0.01, clip: 1}
        schedule: {warmup_steps: 2}
        ranks: {sync_batch_norm: true}
        """,
        "labels": """
        batch: 32
        data: {path: rows.tsv, columns: {image: image, text: title}, labels: [kind], split: none}
        model:
          dimension: 16
          image: {depth: 18, stem: cifar, width: 8, norm: group}
          text: {width: 32, depth: 2, heads: 2, context: 12}
        objective: {positives: label}
        views: {size: 16, crop: whole, flip: true}
        optimizer: {learning_rate: 2e-5, clip: 1}
        schedule: {warmup_steps: 2}
        """,
        "simclr": views + "objective: {name: simclr, temperature: 0.2, hidden: 32, dimension: 16}",
        "moco": views + "objective: {name: moco, queue: 80, hidden: 32, dimension: 16, momentum: 0.9}",
        "masked": """
        batch: 12
        data: {kind: text, path: text.txt}
        tokenizer: english-wordpiece
        model: {text: {width: 64, depth: 2, heads: 2, context: 32, dropout: 0.1}}
        objective: {name: masked}
        optimizer: {learning_rate: 1e-3, weight_decay: 0.01, clip: 1}
        schedule: {warmup_steps: 2}
        """,
        "predictive": """
        batch: 32
        data: {path: rows.tsv, columns: {audio: recording}, split: none}
        model:
          audio: {encoder: cpc, channels: [16, 16, 16], kernels: [10, 8, 4], strides: [5, 4, 2], context: gru, hidden: 16}
        objective: {name: predictive, horizon: 3, negatives: 16, negatives_from: batch, temperature: 0.1}
        views: {audio: {rate: 8000, seconds: 0.25}}
        optimizer: {learning_rate: 1e-4, clip: 1}
        schedule: {warmup_steps: 2}
        ranks: {sync_batch_norm: true}
        """,
        "towers": """
        batch: 32
        data: {path: rows.tsv, columns: {user: {kind: id}, item: {kind: id}}, split: none}
        objective: {name: contrastive, loss: sampled_softmax, temperature: 0.1, head: none}
        model: {dimension: 16, user: {width: 16}, item: {width: 16}}
        optimizer: {learning_rate: 3e-2, weight_decay: 0}
        schedule: {name: constant, warmup_steps: 0}
        """,
        "sum": """
        batch: 32
        data: {path: rows.tsv, columns: {image: image, text: title}, split: none}
        objective:
          name: sum
          parts:
            pairs: {name: contrastive}
            views: {name: simclr, weight: 0.5, hidden: 32, dimension: 16}
            words: {name: masked, weight: 0.1}
        model:
          dimension: 16
          image: {depth: 18, stem: cifar, width: 8, norm: group}
          text: {width: 32, depth: 1, heads: 2, context: 12}
        views: {size: 16, crop: random_resized, scale: 0.5, flip: true}
        optimizer: {learning_rate: 2e-5, clip: 1}
        schedule: {warmup_steps: 2}
        """,
    ]
}
