import ConcordEvaluation
import ConcordObjectives
import ConcordRecipes
import ConcordTensors
import ConcordTokenizers
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Runs of next-token prediction: trained, evaluated, and gone on with.
@Suite(.serialized) struct NextTokenTests {
    private let folder = TemporaryFolder()

    private func write(lines: Bool = false) throws {
        let verses = ["one two three four", "red green blue", "the cat sat on the mat", "up and down"]
        try (0..<200).map { verses[$0 * 7 % 4] + "\n" }.joined().write(
            toFile: folder.file("train.txt"), atomically: true, encoding: .utf8)
        try (0..<40).map { verses[$0 * 3 % 4] + "\n" }.joined().write(
            toFile: folder.file("test.txt"), atomically: true, encoding: .utf8)
        let words = verses.flatMap { $0.split(separator: " ").map(String.init) }
        let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + Set(words).sorted()
        try tokens.map { $0 + "\n" }.joined().write(
            toFile: folder.file("vocab.txt"), atomically: true, encoding: .utf8)
        try """
        steps: 80
        batch: 16
        data: {kind: text, path: train.txt, held_out: test.txt, lines: \(lines)}
        tokenizer: vocab.txt
        objective: {name: next_token}
        model: {text: {width: 32, depth: 2, heads: 2, context: 12}}
        optimizer: {learning_rate: 1e-2}
        """.write(toFile: folder.file("gpt.yaml"), atomically: true, encoding: .utf8)
    }

    private func train(_ name: String, _ overrides: [String] = [], resumed: Bool = false) throws -> Run {
        try TrainingSession(
            recipe: resumed ? nil : folder.file("gpt.yaml"), overrides: overrides, data: folder.path,
            directory: folder.file(name), isResumed: resumed
        ).run(progress: .silent, catchesSignals: false)
        return try Run(folder.file(name))
    }

    @Test func itLearnsRunningTextAndGoesOnWithIt() throws {
        try write()
        let run = try train("run")
        let found = try #require(try run.evaluate(data: folder.path).nextTokens)
        // Of 16 words all but the first of a verse follow from those before.
        #expect(found.crossEntropy < 0.6 && found.unigramCrossEntropy > 2, "\(found)")
        let greedy = TokenSampling(temperature: 0)
        #expect(try run.generate("one two", tokens: 2, sampling: greedy) == " three four")
        #expect(try run.generate("the cat sat", tokens: 3, sampling: greedy) == " on the mat")
        // The window slides over longer texts.
        let long = String(repeating: "up and down red green blue ", count: 4)
        #expect(try run.generate(long + "one", tokens: 2, sampling: greedy) == " two three")
        #expect(try run.notes(onPrompt: long + "one").count == 1)
        #expect(try run.notes(onPrompt: "one zebra")[0].contains("zebra"))
        #expect(try run.embed(texts: ["the cat", "red green"]).shape == [2, 32])
    }

    @Test func whatIsWrittenAsItGoesIsTheWholeText() throws {
        try write()
        let run = try train("run", ["steps=20"])
        for seed in 0..<3 {
            var parts: [String] = []
            let whole = try run.generate("the", tokens: 30, seed: UInt64(seed)) { parts.append($0) }
            #expect(parts.joined() == whole && parts.count > 10)
            #expect(try run.generate("the", tokens: 30, seed: UInt64(seed)) == whole)
            #expect(!whole.contains("["), "\(whole)")
            #expect(parts.dropFirst().allSatisfy { $0.hasPrefix(" ") && !$0.hasSuffix(" ") }, "\(parts)")
        }
        #expect(try run.generate("the", tokens: 30, seed: 1) != run.generate("the", tokens: 30, seed: 2))
    }

    @Test func aTextOfLinesEndsWhereLinesEnd() throws {
        try write(lines: true)
        let run = try train("run")
        let greedy = TokenSampling(temperature: 0)
        #expect(try run.generate("red", tokens: 20, sampling: greedy) == " green blue")
        #expect(try run.generate("the cat", tokens: 20, sampling: greedy) == " sat on the mat")
        let verses = [" one two three four", " red green blue", " the cat sat on the mat", " up and down"]
        let free = try run.generate("", tokens: 20, sampling: TokenSampling(topK: 1))
        #expect(verses.contains { $0.dropFirst() == free }, "\(free)")
    }

    @Test func stoppedAndResumedItIsTheSameBits() throws {
        try write()
        let whole = try train("whole", ["steps=10", "schedule.name=constant", "model.text.dropout=0.1"])
        _ = try train("parts", ["steps=6", "schedule.name=constant", "model.text.dropout=0.1"])
        let parts = try train("parts", ["steps=10"], resumed: true)
        #expect(whole.fingerprint == parts.fingerprint)
    }

    @Test func whatDoesNotFitIsNamed() throws {
        try write()
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        #expect(message { _ = try train("a", ["model.text.causal=false"]) }.contains("model.text.causal: "))
        let run = try train("run", ["steps=1"])
        #expect(message { try run.generate("", tokens: 3) }.contains("no word in the text to go on from"))
        #expect(message { try run.generate("one", tokens: 0) }.contains("at least 1 token wanted, not 0"))
        let masked = try train("masked", ["steps=1", "objective={name: masked}"])
        #expect(message { try masked.generate("one") }.contains("trained without objective next_token"))
        #expect(message { _ = try run.fill("one [MASK]") }.contains("trained without objective masked"))
    }
}
