import ConcordLayers
import ConcordObjectives
import ConcordTensors
public import ConcordTokenizers

/// A token that a model predicts in the place of a mask token.
public struct Filling: Sendable, Equatable {
    /// The token as the tokenizer's file writes it, such as `##ing`.
    public let token: String
    /// The token's id.
    public let id: Int32
    /// Of all tokens, in `0 ... 1`.
    public let probability: Float
}

extension Run {
    /// The likeliest tokens for each mask token of a text (`[MASK]`, `<mask>`).
    ///
    /// ```swift
    /// for filling in try run.fill("the [MASK] sat on the mat")[0] { print(filling.probability, filling.token) }
    /// ```
    /// - Parameter count: how many for each mask token, at least 1.
    /// - Returns: one list a mask token, in the order of the text, the likeliest token first. Special tokens are left
    ///   out.
    /// - Throws: `RecipeError` where the run has no masked objective, or the text no mask token or more tokens than the
    ///   model reads.
    public func fill(_ text: String, count: Int = 5) throws -> [[Filling]] {
        guard let model = embedder.model.masked, let tokenizer, let context = recipe.model.context else {
            throw RecipeError.data(message: "the run predicts no masked words; it was trained without objective masked")
        }
        let vocabulary = tokenizer.vocabulary
        guard let mask = vocabulary.mask else {
            throw RecipeError.data(message: "the run's tokenizer has no mask token")
        }
        guard count > 0 else { throw RecipeError.data(message: "at least 1 token wanted for each mask, not \(count)") }
        // Running text has no start and end tokens in training.
        let isRunning = recipe.data.kind == .text && !recipe.data.hasTextLines
        let ids =
            isRunning
            ? tokenizer.subwords(of: text, limit: .max, special: .parsed) : tokenizer.encode(text, special: .parsed)
        guard ids.count <= context else {
            throw RecipeError.data(
                message: "the text has \(ids.count) tokens, and the model reads \(context) (model.text.context)")
        }
        let places = ids.indices.filter { ids[$0] == mask }
        guard !places.isEmpty else {
            throw RecipeError.data(
                message: "the text has no mask token; write \(tokenizer.token(mask) ?? "") where a word is wanted")
        }
        let tokens = Tokens([ids], length: ids.count, padding: vocabulary.padding)
        let at = Tensor(places.map(Int32.init), shape: [places.count])
        let logits = withKernels(embedder.model.kernels) { model.logits(tokens, at: at) }
        let probabilities = logits.softmax().scalars, size = vocabulary.size, special = vocabulary.special
        return places.indices.map { row in
            let scores = probabilities[row * size..<(row + 1) * size]
            return zip(Int32(0)..., scores).filter { !special.contains($0.0) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
                .prefix(count).map { Filling(token: tokenizer.token($0.0) ?? "", id: $0.0, probability: $0.1) }
        }
    }

    /// What the run's tokenizer makes of texts: unknown words, texts longer than the model reads.
    /// - Returns: nil where the run reads no text.
    public func statistics(of texts: [String]) -> TextStatistics? {
        guard let tokenizer, let context = recipe.model.context else { return nil }
        return TextStatistics(of: texts, tokenizer: tokenizer, context: context)
    }

    /// What there is to say of the held-out texts of a data directory before `evaluate`: unknown words, and texts that
    /// are cut.
    /// - Parameter data: the directory that the recipe's data paths start from.
    public func notes(
        onHeldOutTextsIn data: String, overrides: [String] = [], isOfAllRows: Bool = false
    ) throws -> [String] {
        guard tokenizer != nil else { return [] }
        let (recipe, evaluated) = try self.evaluated(data: data, overrides: overrides, isOfAllRows: isOfAllRows)
        return evaluated.heldOutNotes(recipe, tokenizer: tokenizer)
    }

    /// What there is to say of texts before they are embedded: unknown words, and texts that are cut.
    public func notes(on texts: [String]) -> [String] {
        guard let statistics = statistics(of: texts), let context = recipe.model.context else { return [] }
        let name = texts.count == 1 ? "the text" : "the \(texts.count) texts"
        var notes: [String] = []
        if statistics.texts > 0, statistics.words == 0 { notes.append("no word in \(name)") }
        if statistics.unknownWords > 0 {
            notes.append(statistics.unknownSentence(in: name, tokenizer: "the run's tokenizer"))
        }
        if statistics.cut > 0 {
            notes.append(
                "\(statistics.cut) of \(statistics.texts) \(statistics.texts == 1 ? "text is" : "texts are") cut at "
                    + "\(context) tokens (model.text.context); the longest has \(statistics.longest)")
        }
        return notes
    }
}
