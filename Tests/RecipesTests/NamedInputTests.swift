import ConcordDatasets
import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Inputs with names of their own: several of one kind, that share an encoder or have their own.
@Suite(.serialized) struct NamedInputTests {
    private let folder = TemporaryFolder()
    private static let subjects = ["a red mug", "an old lamp", "my book", "the small box", "a blue chair", "one plate"]

    /// Questions and answers, and pairs of images, of 48 rows.
    private func write() throws {
        var rows = "q\ta\tbefore\tafter\tkind\n"
        for n in 0..<48 {
            let subject = Self.subjects[n % 6]
            for (name, shade) in [("before", UInt8(40)), ("after", UInt8(200))] {
                let color = Image.Color(UInt8(n * 5), UInt8(n * 37 % 250), shade)
                try Image(width: 16, height: 16, color).write(jpeg: folder.file("\(name)\(n).jpg"))
            }
            rows +=
                "where is \(subject) number \(n)\t\(subject) \(n) is here\tbefore\(n).jpg\tafter\(n).jpg\t\(n % 6)\n"
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private static let texts = """
        steps: 12
        batch: 12
        data:
          path: rows.tsv
          columns: {question: {kind: text, column: q}, answer: {kind: text, column: a}}
          split: {column: q, modulo: 4}
        model: {dimension: 16, text: {width: 16, depth: 1, heads: 2, context: 16}}
        optimizer: {learning_rate: 3e-3}
        schedule: {warmup_steps: 2}
        checkpoint: {every: 4}
        """

    private static let images = """
        steps: 4
        batch: 12
        data:
          path: rows.tsv
          columns: {before: {kind: image}, after: {kind: image}}
          labels: [kind]
          split: none
        model: {dimension: 8, image: {width: 4, stem: cifar}}
        views: {size: 16}
        """

    private func train(_ yaml: String, _ name: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(name, yaml, overrides, resumed: resumed)
    }

    /// Answers share words with their questions: an average of token embeddings learns which words count.
    @Test func averagedTokensFindTheirPairs() throws {
        try write()
        let yaml = Self.texts.replacing(
            "text: {width: 16, depth: 1, heads: 2, context: 16}", with: "text: {encoder: average, width: 32, context: 16}"
        ).replacing("dimension: 16", with: "dimension: 32").replacing("steps: 12", with: "steps: 60")
        try folder.train("run", "objective: {temperature: 0.1, learned: false, head: none}\n" + yaml, ["optimizer.learning_rate=1e-2"])
        let losses = try folder.logged("loss", "run")
        #expect(losses.count == 60 && losses.suffix(8).reduce(0, +) / 8 < 0.5 * losses[0], "\(losses)")
        #expect(try Run(folder.file("run")).embed(texts: ["where is a red mug"]).shape == [1, 32])
    }

    @Test func questionsAndAnswersShareOneEncoder() throws {
        try write()
        try train(Self.texts, "run")
        let run = try Run(folder.file("run"))
        #expect(run.inputs == [RecipeInput("question", .text), RecipeInput("answer", .text)])
        let names = try Safetensors(path: run.weights).names
        #expect(names.contains { $0.hasPrefix("question.") } && !names.contains { $0.hasPrefix("answer.") }, "\(names)")
        let report = try run.evaluate(data: folder.file(""))
        let metrics = report.metrics.map(\.name)
        #expect(metrics.contains("retrieval.question_to_answer.r1"), "\(metrics)")
        #expect(metrics.contains("retrieval.answer_to_question.r1"), "\(metrics)")
        let question = try run.embed(texts: ["where is my book"], input: "question")
        let answer = try run.embed(texts: ["where is my book"], input: "answer")
        #expect(question.scalars == answer.scalars, "one encoder, one embedding")
        let error = #expect(throws: RecipeError.self) { try run.embed(texts: ["x"], input: "reply") }
        #expect(error?.description == "the run has no text input reply; it has question, answer")
    }

    /// Wrong answers are candidates, and no pair of their own.
    @Test func aColumnOfWrongAnswersIsNegatives() throws {
        try write()
        let columns = "data.columns={question: {kind: text, column: q}, answer: {kind: text, column: a}, "
            + "wrong: {kind: text, column: kind}}"
        try train(Self.texts, "run", [columns, "objective.negatives=[wrong]", "data.unknown_limit=1"])
        let first = try String(contentsOfFile: folder.file("run/metrics.jsonl"), encoding: .utf8).prefix { $0 != "\n" }
        #expect(!first.contains("question_wrong") && first.contains("wrong_spread"), "\(first)")
        let error = #expect(throws: RecipeError.self) {
            try Recipe(yaml: Self.texts, source: "r.yaml", overrides: ["objective.negatives=[wrong]"])
        }
        #expect(error?.description.contains("objective.negatives") ?? false, "\(error?.description ?? "")")
    }

    @Test func anInputOfItsOwnNameInTheModelHasAnEncoderOfItsOwn() throws {
        try write()
        let own =
            "model={dimension: 16, question: {width: 16, depth: 1, heads: 2, context: 16}, "
            + "answer: {width: 32, depth: 1, heads: 2, context: 12}}"
        try train(Self.texts, "run", [own])
        let run = try Run(folder.file("run")), file = try Safetensors(path: run.weights)
        #expect(file.names.contains { $0.hasPrefix("question.") } && file.names.contains { $0.hasPrefix("answer.") })
        let question = try run.embed(texts: ["where is my book"], input: "question")
        let answer = try run.embed(texts: ["where is my book"], input: "answer")
        #expect(question.scalars != answer.scalars)
    }

    /// An image before and after: both ways of retrieval, probes of the first.
    @Test func twoImagesOfARowAreAPair() throws {
        try write()
        try train(Self.images, "run")
        let run = try Run(folder.file("run"))
        let report = try run.evaluate(data: folder.file(""))
        #expect(report.metrics.map(\.name).contains("retrieval.before_to_after.r1"))
        let index = try run.index(images: (0..<6).map { folder.file("after\($0).jpg") }, input: "after")
        #expect(index.embeddings.shape == [6, 8])
    }

    @Test(arguments: ["texts", "images"]) func stoppedAndResumedItIsTheSameBits(of kind: String) throws {
        try write()
        let yaml = kind == "texts" ? Self.texts : Self.images
        try train(yaml, "whole", ["steps=8"])
        try train(yaml, "parts", ["steps=4", "schedule.name=constant"])
        try train(yaml, "one", ["steps=8", "schedule.name=constant"])
        try train(yaml, "parts", ["steps=8"], resumed: true)
        let (a, b) = (try Run(folder.file("one")), try Run(folder.file("parts")))
        #expect(a.fingerprint == b.fingerprint)
    }

    @Test(arguments: [
        ("columns: {pair: {kind: smell}}", "kind"), ("columns: {text: {kind: image}}", "an input named text"),
        ("columns: {question: q}", "question"), ("columns: {a: {kind: text, colum: b}}", "colum"),
    ])
    func wrongInputsAreNamed(columns: String, named: String) {
        let error = #expect(throws: RecipeError.self) { try Recipe(yaml: "data: {\(columns)}", source: "r.yaml") }
        #expect(error?.description.contains(named) == true, "\(error?.description ?? "")")
    }

    // MARK: Encoders

    @Test func everyEncoderOfTheLibraryIsSelectable() throws {
        let yaml =
            "model: {image: {encoder: modified_resnet, width: 8, blocks: [1, 1, 1, 1], output: 32}}\n"
            + "views: {size: 64}"
        let recipe = try Recipe(yaml: yaml, source: "r.yaml")
        #expect(recipe.model.encoder(ModifiedResNetRecipe.self)?.output == 32)
        let model = try RecipeModel(recipe, vocabulary: Vocabulary(size: 100, padding: 0))
        #expect(model.objective.parameterCount > 0)
        let error = #expect(throws: RecipeError.self) {
            try Recipe(yaml: "model: {image: {encoder: resnett}}", source: "r.yaml")
        }
        #expect(error?.description.contains("resnet, modified_resnet") == true, "\(error?.description ?? "")")
    }

    @Test func aUsersOwnEncoderIsNamedInARecipe() throws {
        Recipe.register(MeanColorRecipe.self)
        try write()
        try train(
            Self.images, "run",
            ["model={image: {encoder: mean_color, scale: 2}}", "objective={name: simclr, hidden: 8, dimension: 4}"])
        let run = try Run(folder.file("run"))
        #expect(try run.embed(images: [folder.file("before1.jpg")]).shape == [1, 5])
    }

    // MARK: Values in memory

    @Test func bytesAndDecodedImagesEmbedAsTheirFiles() throws {
        try write()
        try train(Self.images, "run")
        let run = try Run(folder.file("run")), paths = (0..<3).map { folder.file("before\($0).jpg") }
        let files = try run.embed(images: paths).scalars
        let bytes = try paths.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        #expect(try run.embed(imageBytes: bytes).scalars == files)
        let images = try paths.map { try Image(contentsOf: $0) }
        #expect(zip(try run.embed(images: images).scalars, files).allSatisfy { abs($0 - $1) < 1e-5 })
        let error = #expect(throws: RecipeError.self) { try run.embed(imageBytes: [bytes[0], [1, 2, 3]]) }
        #expect(error?.description.contains("image 1 of 2") == true, "\(error?.description ?? "")")
    }

    @Test func bytesAndDecodedAudioEmbedAsTheirFiles() throws {
        var rows = "recording\ttitle\n"
        for n in 0..<12 {
            let turn = Float(300 + 40 * n) * 2 * .pi / 8000
            let clip = Audio((0..<(n == 0 ? 4000 : 1600)).map { 0.4 * sin(Float($0) * turn) }, rate: 8000)
            try clip.write(wav: folder.file("\(n).wav"))
            rows += "\(n).wav\ttone \(n)\n"
        }
        try rows.write(toFile: folder.file("tones.tsv"), atomically: true, encoding: .utf8)
        let yaml = """
            steps: 2
            batch: 6
            data: {path: tones.tsv, columns: {audio: recording, text: title}, split: none}
            model:
              dimension: 8
              text: {width: 8, depth: 1, heads: 1, context: 8}
              audio: {mels: 8, window: 128, hop: 64, channels: [8], kernels: [3], strides: [1]}
            views: {audio: {rate: 8000, seconds: 0.2}}
            """
        try train(yaml, "run")
        let run = try Run(folder.file("run")), paths = (0..<3).map { folder.file("\($0).wav") }
        let files = try run.embed(audio: paths).scalars
        let bytes = try paths.map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
        let clips = try paths.map { try Audio(contentsOf: $0) }
        for other in [try run.embed(audioBytes: bytes).scalars, try run.embed(audio: clips).scalars] {
            #expect(zip(other, files).allSatisfy { abs($0 - $1) < 1e-5 }, "\(zip(other, files).map { $0 - $1 })")
        }
    }

    // MARK: Keys

    @Test func renamedKeysKeepTheirOldNames() throws {
        let yaml = """
            data: {kind: text, bad_share: 0.5}
            objective: {name: masked, share: 0.3}
            model: {text: {token_deviation: 0.5}}
            """
        let recipe = try Recipe(yaml: yaml, source: "r.yaml")
        #expect(recipe.data.badFraction == 0.5 && recipe.model.encoder(TransformerRecipe.self)?.tokenStd == 0.5)
        #expect(recipe.yaml.contains("bad_fraction: 0.5") && !recipe.yaml.contains("share"))
        let views = try Recipe(yaml: "views: {grey: 0.7}", source: "r.yaml").views
        #expect(views.image?.gray == 0.7)
    }
}

/// An encoder of a test: the mean color and its squares.
struct MeanColorRecipe: EncoderRecipe {
    static let name = "mean_color"
    let scale: Double

    init(_ fields: Fields, for use: EncoderUse) throws {
        scale = try fields.number("scale", default: 1, in: 0...10, "What colors are multiplied with.")
    }

    func makeEncoder(_ context: EncoderContext) -> any FeatureEncoder<Tensor> { MeanColor(scale: Float(scale)) }
}

final class MeanColor: FeatureEncoder {
    let linear = Linear(3, 5)
    let scale: Float
    let outputDimension = 5

    init(scale: Float) { self.scale = scale }

    func callAsFunction(_ images: Tensor) -> Tensor { linear(images.mean(axes: [1, 2]).reshaped([-1, 3]) * scale) }
}
