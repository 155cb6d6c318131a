import ConcordDatasets
import ConcordObjectives
import ConcordRecipes
import ConcordTensors
import ConcordTokenizers
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Recipes made of random keys and values: each trains a step, or is refused with an error that names one of its keys.
///
/// The keys and their values come from `Recipe.documentedKeys()`, so that a new key takes part from its first day.
@Suite(.serialized) struct CombinationTests {
    /// Small recipes that train in milliseconds; every combination changes one of them.
    private static let bases: [(name: String, yaml: String)] = [
        (
            "contrastive",
            """
            data: {path: samples.tsv, columns: {image: image, text: title, audio: recording}, split: none}
            model:
              dimension: 8
              image: {width: 4, stem: cifar}
              text: {width: 16, depth: 1, heads: 2, context: 8}
              audio: {mels: 8, window: 64, channels: [16], kernels: [3], strides: [2]}
            views: {size: 8, audio: {rate: 8000, seconds: 0.1}}
            """
        ),
        (
            "pairs",
            """
            data: {path: samples.tsv, columns: {image: image, text: title}, split: {column: title, modulo: 3}}
            objective: {masked: {weight: 0.5}}
            model: {dimension: 8, image: {width: 4, stem: cifar}, text: {width: 16, depth: 1, heads: 2, context: 8}}
            views: {size: 8}
            """
        ),
        (
            "masked",
            """
                data: {kind: text, path: text.txt}\nobjective: {name: masked}\nmodel: {text: {width: 16, depth: 1, \
                context: 8}}
                """
        ),
        (
            "next token",
            """
            data: {kind: text, path: text.txt}
            objective: {name: next_token}
            model: {text: {width: 16, depth: 1, context: 8}}
            """
        ),
        (
            "predictive",
            """
            data: {kind: files, path: ., pattern: "{name}.wav", columns: {audio: filepath}, split: none}
            objective: {name: predictive, horizon: 2, negatives: 4}
            model: {audio: {encoder: cpc, channels: [16, 16], kernels: [8, 4], strides: [4, 4], context: gru, hidden: \
            8}}
            views: {audio: {rate: 8000, seconds: 0.05}}
            """
        ),
        (
            "masked frames",
            """
            data: {kind: files, path: ., pattern: "{name}.wav", columns: {audio: filepath}, split: none}
            objective: {name: wav2vec2, mask_length: 2, negatives: 4, codes: 4, dimension: 8}
            model: {audio: {encoder: cpc, channels: [16, 16], kernels: [8, 4], strides: [4, 4], context: transformer, \
            layers: 1, heads: 2, positions: convolution, position_kernel: 4}}
            views: {audio: {rate: 8000, seconds: 0.05}}
            """
        ),
        (
            "views",
            """
            data: {path: samples.tsv, columns: {image: image}, split: none}
            objective: {name: moco, hidden: 16, dimension: 8, queue: 12}
            model: {image: {width: 4, stem: cifar}}
            views: {size: 8}
            """
        ),
        (
            "patches",
            """
            data: {path: samples.tsv, columns: {image: image}, split: none}
            objective: {name: mae, decoder_width: 16, decoder_depth: 1}
            model: {image: {encoder: vit, patch: 2, width: 16, depth: 1, heads: 2}}
            views: {size: 8}
            """
        ),
        (
            "tiles",
            """
            data: {path: samples.tsv, columns: {image: image}, split: none}
            objective: {name: jigsaw, permutations: 3, tile_width: 4, hidden: 4}
            model: {image: {width: 4, stem: cifar}}
            views: {size: 8}
            """
        ),
        (
            "frames",
            """
            data: {kind: files, path: ., pattern: "{name}.wav", columns: {audio: filepath}, split: none}
            objective: {name: frames, ahead: 1}
            model: {audio: {mels: 8, window: 64, channels: [16], kernels: [3], strides: [2]}}
            views: {audio: {rate: 8000, seconds: 0.05}}
            """
        ),
    ]

    /// What the data leave no choice about, and what only changes the loading of batches.
    private static let fixed: Set<String> = [
        "data.path", "data.kind", "data.pattern", "data.columns.image", "data.columns.text", "data.columns.audio",
        "data.columns.id",
        "data.split.column", "data.rename",
        "data.labels", "data.group", "data.held_out", "data.separator", "data.quoting", "tokenizer", "checkpoint.best",
        "loader.threads",
        "loader.prefetch", "freeze", "seed",
    ]

    @Test func everyCombinationTakesAStepOrIsRefusedByName() throws {
        let count = ProcessInfo.processInfo.environment["CONCORD_COMBINATIONS"].flatMap(Int.init) ?? 2400
        let first = ProcessInfo.processInfo.environment["CONCORD_FIRST_COMBINATION"].flatMap(Int.init) ?? 0
        let log = ProcessInfo.processInfo.environment["CONCORD_COMBINATION_LOG"]
        let folder = TemporaryFolder()
        try Self.writeSamples(to: folder.path)
        let tokenizer = try WordPieceTrainer(size: 120, minimumFrequency: 1).train(texts: Self.titles)
        let keys = Self.bases.map { base in
            ((try? Recipe(yaml: base.yaml, source: base.name).keys) ?? []).filter { !Self.fixed.contains($0.path) }
        }
        // Of two keys that do not fit each other either may be named.
        let paths = Recipe.documentedKeys().map(\.key.path)
        var trained = 0, refused = 0
        for number in first..<first + count {
            var random = SplitMix(state: UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
            let base = number % Self.bases.count
            let overrides = Self.overrides(of: Self.bases[base].yaml, keys[base], using: &random)
            let name = "\(number) \(Self.bases[base].name) \(overrides)"
            if let log { try name.write(toFile: log, atomically: false, encoding: .utf8) }
            let start = ContinuousClock.now
            do {
                try Self.step(Self.bases[base].yaml, overrides, data: folder.path, tokenizer: tokenizer)
                trained += 1
            } catch {
                refused += 1
                let message = "\(error)"
                let names = overrides.compactMap {
                    $0.split(separator: "=").first?.split(separator: ".").last.map(String.init)
                }
                let isNamed = names.contains { message.contains($0) } || paths.contains { message.contains($0) }
                #expect(isNamed && !message.contains("\n"), "\(name): \(message)")
            }
            let time = ContinuousClock.now - start
            if log != nil, time > .milliseconds(400) { print("slow \(time) \(name)") }
        }
        #expect(trained > count / 4, "\(trained) trained, \(refused) refused")
        #expect(refused > count / 10, "\(trained) trained, \(refused) refused")
    }

    /// One update, in the way that a run makes it.
    private static func step(_ yaml: String, _ overrides: [String], data: String, tokenizer: WordPieceTokenizer) throws
    {
        let recipe = try Recipe(yaml: "batch: 4\nsteps: 1\n" + yaml, source: "r", overrides: overrides)
        let reader: WordPieceTokenizer? = recipe.tokenizer.isEmpty ? nil : tokenizer
        let model = try RecipeModel(recipe, vocabulary: reader?.vocabulary, memory: 0x1p27)
        let batches = try recipe.trainingBatches(data: data, tokenizer: reader)
        try update(model.objective, recipe, batches)
    }

    private static func update(
        _ objective: some Objective<MultimodalBatch>, _ recipe: Recipe, _ batches: Batches<MultimodalBatch>
    ) throws {
        let updates = (batches.stepsPerEpoch + recipe.optimizer.accumulate - 1) / recipe.optimizer.accumulate
        let trainer = Trainer(
            objective, optimizer: recipe.makeOptimizer(), schedule: recipe.makeSchedule(updatesPerEpoch: updates),
            clip: recipe.optimizer.clip,
            accumulate: min(2, recipe.optimizer.accumulate), microbatch: recipe.microbatch,
            precision: recipe.precision.resolved, seed: recipe.seed,
            progress: .silent)
        try trainer.train(on: batches, steps: 1)
        #expect(trainer.step == 1)
    }

    /// One to four keys that the recipe knows, each with one of its values, or with one just out of its range.
    private static func overrides(of yaml: String, _ keys: [RecipeKey], using random: inout SplitMix) -> [String] {
        var result: [String] = []
        for _ in 0..<1 + Int(random.next() % 4) {
            // A choice before shows keys of its own.
            let known = result.isEmpty ? keys : (try? Recipe(yaml: yaml, source: "r", overrides: result).keys) ?? keys
            let key = known.filter { !fixed.contains($0.path) }.randomElement(using: &random)
            guard let key, !result.contains(where: { $0.hasPrefix(key.path + "=") }) else { continue }
            result.append("\(key.path)=\(value(of: key, using: &random))")
        }
        return result
    }

    private static func value(of key: RecipeKey, using random: inout SplitMix) -> String {
        let bounds = key.range.split(separator: " ").compactMap { Double($0) }
        let low = bounds.first ?? 0, high = bounds.count > 1 ? bounds[1] : .infinity
        let values: [String]
        switch key.kind {
        case .choice: values = key.range.split(separator: ", ").map(String.init)
        case .flag: values = ["true", "false"]
        case .integer where key.range.contains(","): values = key.range.split(separator: ", ").map(String.init) + ["1"]
        case .integer:
            let small = [1, 2, 3, 4, 5, 7, 8, 12, 16, 33].filter { Double($0) >= low && Double($0) <= high }.map(
                String.init)
            values =
                small + small + [String(Int(low)), String(Int(low) - 1), String(Int.max)]
                + (high < 1e15 ? [String(Int(high)), String(Int(high) + 1)] : [])
        case .number:
            values =
                ["\(low)", "\(low - 1)", "0.1", "0.5", "1", "1e300", "nan"]
                + (high.isFinite ? ["\(high)", "\(high * 1.01)"] : [])
        case .integers:
            values = [
                "[1]", "[3, 3]", "[200]", "[16, 12]", "[65536]", "[65536, 65536, 65536, 65536, 65536]", "[0]", "[]",
            ]
        case .numbers: values = ["[0.5, 0.9]", "[0, 0]", "[1, 1]", "[0.5]"]
        case .text: values = ["x", "a photo: of {}"]
        case .texts: values = ["[x]", "[]"]
        case .keys: values = ["{}", "none"]
        case .names: values = ["{}"]
        }
        return values.randomElement(using: &random) ?? ""
    }

    private static let titles = (0..<12).map { "a \(["red", "blue", "dark"][$0 % 3]) square number \($0)" }

    private static func writeSamples(to folder: String) throws {
        var rows = "image\trecording\ttitle\n"
        for n in 0..<12 {
            try Image(width: 12, height: 10, Image.Color(UInt8(20 * n), 90, UInt8(200 - 10 * n))).write(
                jpeg: "\(folder)/\(n).jpg")
            let samples = (0..<1600 + 40 * n).map { (place: Int) -> Float in 0.4 * sin(Float(place * (n + 3)) * 0.05) }
            try Audio(samples, rate: 8000).write(wav: "\(folder)/\(n).wav")
            rows += "\(n).jpg\t\(n).wav\t\(titles[n])\n"
        }
        try rows.write(toFile: folder + "/samples.tsv", atomically: true, encoding: .utf8)
        let text = (0..<60).map { titles[$0 % 12] }.joined(separator: "\n")
        try text.write(toFile: folder + "/text.txt", atomically: true, encoding: .utf8)
    }
}

/// Equal numbers on every run and machine.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
