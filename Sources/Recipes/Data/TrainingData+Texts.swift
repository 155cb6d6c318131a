import ConcordDatasets
import ConcordTokenizers

extension Recipe {
    /// The text files to train on: those of `data.path` without those of `data.held_out`, unless nothing would be left.
    /// - Parameter root: the directory that the recipe's data paths start from.
    func trainingTexts(root: String) throws -> TextFiles {
        let all = try TextFiles(data.textPaths, root: root)
        guard !data.heldOutTexts.isEmpty else { return all }
        let rest = all.excluding(try TextFiles(data.heldOutTexts, root: root))
        return rest.paths.isEmpty ? all : rest
    }

    /// What of `data.path` is not trained on, and why.
    fileprivate func textsLeftOut(root: String) throws -> [String] {
        let all = try TextFiles(data.textPaths, root: root)
        var notes: [String] = []
        if let first = all.leftOut.first {
            notes.append(
                """
                    \(counted(all.leftOut.count, "file")) of data.path left out by name, which does not end in .txt; \
                    the first is \(first)
                    """
            )
        }
        guard !data.heldOutTexts.isEmpty else { return notes }
        let rest = all.excluding(try TextFiles(data.heldOutTexts, root: root)),
            count = all.paths.count - rest.paths.count
        if rest.paths.isEmpty {
            notes.append("the held-out texts are trained on too: data.path and data.held_out name the same files")
        } else if count > 0 {
            notes.append("\(count) of the \(all.paths.count) files of data.path held out by data.held_out")
        }
        return notes
    }
}

extension TrainingData {
    /// What there is to say of the texts before training: the tokenizer's guess, unknown words, texts that the context
    /// cuts.
    ///
    /// - Parameter root: the directory that the recipe's data paths start from.
    /// - Throws: `RecipeError` where more words are unknown than `data.unknown_limit` allows, or nothing can be masked.
    func textNotes(_ recipe: Recipe, root: String, tokenizer: (any Tokenizer)?) throws -> [String] {
        guard let tokenizer, let context = recipe.model.context else { return [] }
        var notes: [String] = []
        if let guess = tokenizer.guessedNormalization {
            notes.append(
                """
                    tokenizer \(recipe.tokenizer): \(guess), guessed from its tokens; tokenizer.lowercase and \
                    tokenizer.strip_accents set it
                    """
            )
        }
        switch self {
        case .blocks(let train, let heldOut):
            notes += try recipe.textsLeftOut(root: root)
            notes.append("training texts: \(Self.counts(of: train))")
            notes += try Self.notes(train.statistics, "the training texts", recipe, context: context)
            if let heldOut {
                notes.append("held-out texts: \(Self.counts(of: heldOut))")
                notes += try Self.notes(heldOut.statistics, "the held-out texts", recipe, context: context)
            }
        case .samples(let table, _), .streams(let table, _):
            let parts = [(table.train, "the training texts"), (table.heldOut, "the held-out texts")]
            for (rows, name) in recipe.data.split == nil ? [parts[0]] : parts {
                let texts = table.texts(of: rows)
                guard !texts.isEmpty else { continue }
                let statistics = TextStatistics(of: texts, tokenizer: tokenizer, context: context)
                notes += try Self.notes(statistics, name, recipe, context: context)
            }
        }
        return notes
    }

    /// What there is to say of the held-out texts before they are evaluated: unknown words, and texts that the context
    /// cuts.
    func heldOutNotes(_ recipe: Recipe, tokenizer: (any Tokenizer)?) -> [String] {
        guard let tokenizer, let context = recipe.model.context else { return [] }
        let statistics: TextStatistics
        switch self {
        case .blocks(_, let heldOut): statistics = heldOut?.statistics ?? TextStatistics()
        case .samples(let table, _), .streams(let table, _):
            let texts = table.texts(of: table.heldOut)
            statistics = TextStatistics(of: texts, tokenizer: tokenizer, context: context)
        }
        let name = "the held-out texts"
        var notes: [String] = []
        if statistics.unknownWords > 0 {
            notes.append(statistics.unknownSentence(in: name, tokenizer: "the run's tokenizer"))
        }
        if statistics.cut > 0 { notes.append(statistics.cutSentence(of: name, context: context)) }
        return notes
    }

    private static func counts(of blocks: TextBlocks) -> String {
        let files = counted(blocks.fileCount, "file"), lines = counted(blocks.lineCount, "line")
        var parts = ["\(files), \(lines), \(counted(blocks.tokenCount, "token"))"]
        if blocks.blankCount > 0 { parts.append("\(counted(blocks.blankCount, "blank line")) left out") }
        if !blocks.emptyFiles.isEmpty { parts.append("\(counted(blocks.emptyFiles.count, "empty file")) left out") }
        if blocks.repairedCount > 0 {
            parts.append("\(counted(blocks.repairedCount, "line")) with bytes that are not UTF-8")
        }
        return parts.joined(separator: "; ")
    }

    private static func notes(
        _ statistics: TextStatistics, _ name: String, _ recipe: Recipe, context: Int
    ) throws -> [String] {
        let masks = recipe.objective.needs.masksTokens
        var notes: [String] = []
        if statistics.unknownWords > 0 {
            let unknown = statistics.unknownSentence(in: name, tokenizer: recipe.tokenizer)
            guard statistics.unknownFraction <= recipe.data.unknownLimit else {
                throw RecipeError.unknownWords(sentence: unknown, limit: recipe.data.unknownLimit)
            }
            notes.append(unknown + (masks ? "; unknown words are never masked" : ""))
        }
        if masks, statistics.textsWithoutMaskable == statistics.texts {
            throw RecipeError.data(
                message: statistics.maskable == 0
                    ? """
                        objective masked: no token of \(name) can be masked, all are unknown to the tokenizer or \
                        special tokens
                        """
                    : """
                        model.text.context: \(context) tokens leave no room between start and end token, so that \
                        nothing can be masked
                        """
            )
        }
        if masks, statistics.textsWithoutMaskable > 0, recipe.data.kind != .text || recipe.data.hasTextLines {
            notes.append(
                "\(statistics.textsWithoutMaskable) of \(statistics.texts) of \(name) have no token that can be masked")
        }
        if statistics.cut > 0 {
            notes.append(statistics.cutSentence(of: name, context: context))
        }
        return notes
    }
}

extension TextStatistics {
    /// "62 % of the 50 words of the training texts are unknown to vocab.txt, such as “кот”".
    func unknownSentence(in name: String, tokenizer: String) -> String {
        let examples = unknownExamples.map { "“\($0)”" }.joined(separator: ", ")
        guard words > 1 else { return "the only word of \(name) is unknown to \(tokenizer): \(examples)" }
        let tenths = (unknownFraction * 1000).rounded() / 10
        let percent = tenths == 0 ? "less than 0.1" : tenths == tenths.rounded() ? "\(Int(tenths))" : "\(tenths)"
        return "\(percent) % of the \(words) words of \(name) are unknown to \(tokenizer), such as \(examples)"
    }
}

extension TextStatistics {
    /// "17 of 200 of the training texts are longer than model.text.context 16 and are cut; the longest has 40 tokens".
    func cutSentence(of name: String, context: Int) -> String {
        """
            \(cut) of \(texts) of \(name) are longer than model.text.context \(context) and are cut; the longest has \
            \(longest) tokens
            """
    }
}

/// "1 line", "2 lines".
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
