import ConcordLayers
public import ConcordObjectives
import ConcordTensors
import ConcordTokenizers

extension Run {
    /// Goes on with a text, one token after the other.
    ///
    /// ```swift
    /// let more = try run.generate("the cat", tokens: 20, sampling: TokenSampling(temperature: 0.8, topK: 40))
    /// try run.generate("the cat") { word in print(word, terminator: "") }
    /// ```
    ///
    /// The model sees the last `model.text.context` tokens. Special tokens are never drawn, but for the end of a text
    /// where the run learned from texts that end: it is the end of this one too.
    /// - Parameters:
    ///   - text: what to go on from.
    ///   - count: tokens to add at most, at least 1.
    ///   - sampling: how a token is drawn.
    ///   - seed: equal seeds give equal texts.
    ///   - onText: is called with what was added, as soon as whole words are; the rest comes at the end.
    /// - Returns: what was added, as the tokenizer writes it behind the text.
    /// - Throws: `RecipeError` where the run has no `next_token` objective or there is nothing to go on from; what
    ///   `onText` throws.
    @discardableResult
    public func generate(
        _ text: String, tokens count: Int = 50, sampling: TokenSampling = TokenSampling(), seed: UInt64 = 0,
        onText: ((String) throws -> Void)? = nil
    ) throws -> String {
        let (model, tokenizer, context) = try generator()
        guard count > 0 else { throw RecipeError.data(message: "at least 1 token wanted, not \(count)") }
        let vocabulary = tokenizer.vocabulary, isRunning = recipe.data.kind == .text && !recipe.data.hasTextLines
        let end = isRunning ? nil : vocabulary.end
        var ids = tokenizer.subwords(of: text)
        if !isRunning, let start = vocabulary.start { ids.insert(start, at: 0) }
        guard !ids.isEmpty else {
            throw RecipeError.data(message: "there is no word in the text to go on from; give one or more")
        }
        let excluded = vocabulary.special.subtracting([end].compactMap { $0 })
        let first = tokenizer.decode(ids).unicodeScalars.count
        let key = RandomKey(seed: seed).derived("generate")
        var written = 0, added = ""
        for step in 0..<count {
            var random = key.derived(step).sequence
            let logits = withKernels(embedder.model.kernels) { model.nextLogits(Array(ids.suffix(context))) }
            let next = sampling.draw(from: logits.scalars, excluding: excluded, using: &random)
            if next == end { break }
            ids.append(next)
            added = String(String.UnicodeScalarView(tokenizer.decode(ids).unicodeScalars.dropFirst(first)))
            // A word is whole when another begins behind it.
            guard let onText, let space = added.lastIndex(where: \.isWhitespace) else { continue }
            let whole = added[..<space].unicodeScalars
            guard whole.count > written else { continue }
            try onText(String(String.UnicodeScalarView(whole.dropFirst(written))))
            written = whole.count
        }
        let rest = added.unicodeScalars.dropFirst(written)
        if let onText, !rest.isEmpty { try onText(String(String.UnicodeScalarView(rest))) }
        return added
    }

    /// What there is to say of a text before `generate`: unknown words, and a start that the model does not see.
    /// - Throws: where the run generates no text.
    public func notes(onPrompt text: String) throws -> [String] {
        let (_, tokenizer, context) = try generator()
        let statistics = TextStatistics(of: [text], tokenizer: tokenizer, context: context)
        var notes: [String] = []
        if statistics.unknownWords > 0 {
            notes.append(statistics.unknownSentence(in: "the text", tokenizer: "the run's tokenizer"))
        }
        let length = tokenizer.subwords(of: text).count
        if length > context {
            notes.append(
                "the text has \(length) tokens, of which the model sees the last \(context) (model.text.context)")
        }
        return notes
    }

    private func generator() throws -> (CausalLanguageModel, any Tokenizer, context: Int) {
        guard let model = embedder.model.generator, let tokenizer, let context = recipe.model.context else {
            throw RecipeError.data(
                message: "the run generates no text; it was trained without objective next_token")
        }
        return (model, tokenizer, context)
    }
}
