import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordObjectives
import ConcordTensors

extension Embedder {
    /// What the held-out part of the data says of the model: retrieval between all inputs, zero-shot, k-NN and
    /// linear probes, or masked words, whichever the data and the model allow. `notes` of the report say why others are
    /// missing.
    /// - Parameters:
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    ///   - isQuick: what the log of a run shows: retrieval or masked words alone, probes only where there is nothing
    ///     else.
    func report(on data: TrainingData, templates: [String]? = nil, isQuick: Bool = false) throws -> EvaluationReport {
        switch data {
        case .blocks(let train, let heldOut): return maskedWords(train: train, heldOut: heldOut)
        case .samples(let table, _), .streams(let table, _):
            return try report(on: table, templates: templates ?? [recipe.data.template], isQuick: isQuick)
        }
    }

    private func report(on table: SampleTable, templates: [String], isQuick: Bool) throws -> EvaluationReport {
        var report = EvaluationReport()
        report.rows = table.rule.evaluated
        let isContrastive = model.hasSharedSpace
        let isProbed = !(isQuick && isContrastive) && !table.settings.labels.isEmpty
        if !isContrastive, model.inputs.allSatisfy({ $0.kind == .text }) {
            report.note("masked words are evaluated on running text only (data.kind: text)")
            return report
        }
        if !isContrastive, table.settings.labels.isEmpty {
            report.note("no label to probe: data.labels names no column")
            return report
        }
        guard isContrastive || isProbed else { return report }
        var items = EvaluatedItems(Array(table.heldOut), of: table, model.inputs)
        var embeddings: [RecipeInput: Tensor] = [:]
        for input in model.inputs where input.kind != .text {
            embeddings[input] = try embedded(&items, input, isShared: isContrastive, into: &report)
        }
        if isContrastive {
            try align(&items, &embeddings)
            report.retrieval = retrieval(among: items, embeddings)
            if report.retrieval?.isEmpty ?? true {
                report.note("no held-out row has two inputs that could be read: no retrieval")
            }
        }
        guard isProbed, let probed = model.inputs.first(where: { $0.kind != .text && items.names[$0]?.isEmpty == false }) else {
            return report
        }
        let probes = LabelProbes(embedder: self, table: table, items: items, input: probed, templates: templates)
        try probes.add(to: &report, embeddings: embeddings[probed])
        return report
    }

    /// Embeddings of a modality's files; those that cannot be read leave `items` and are named in the report.
    private func embedded(
        _ items: inout EvaluatedItems, _ input: RecipeInput, isShared: Bool, into report: inout EvaluationReport
    ) throws -> Tensor? {
        guard let paths = items.names[input], !paths.isEmpty else { return nil }
        let (embeddings, readable, unreadable) = try readableFiles(
            paths, input, items.segments(of: input), features: !isShared)
        if !unreadable.isEmpty { report.unreadable = (report.unreadable ?? []) + unreadable }
        items.keep(readable, of: input)
        return embeddings
    }

    /// Embeddings of those files that can be read, and which these are.
    func readableFiles(
        _ paths: [String], _ input: RecipeInput, _ segments: [AudioSegment?]?, features: Bool
    ) throws -> (embeddings: Tensor, readable: [Int], unreadable: [UnreadableFile]) {
        let found = try embed(paths, input, segments: segments, features: features, badLimit: 1)
        let unreadable = found.rejected.map { UnreadableFile(name: $0.name, reason: $0.reason) }
        return (found.embeddings, found.entries.map(\.file), unreadable)
    }

    /// Takes out items whose rows have no other part left, from `embeddings` too, and embeds the texts that stay.
    private func align(_ items: inout EvaluatedItems, _ embeddings: inout [RecipeInput: Tensor]) throws {
        let stay = items.dropPartless()
        for (input, values) in embeddings {
            guard let kept = stay[input]?.map({ Int32(truncatingIfNeeded: $0) }), kept.count < values.shape[0] else {
                continue
            }
            embeddings[input] = kept.isEmpty ? nil : values.gathered(at: Tensor(kept, shape: [kept.count]), axis: 0)
        }
        for input in model.inputs where input.kind == .text {
            guard let texts = items.names[input], !texts.isEmpty else { continue }
            embeddings[input] = try self.texts(texts, of: input)
        }
    }

    /// Every direction between two inputs that have a right answer.
    private func retrieval(among items: EvaluatedItems, _ embeddings: [RecipeInput: Tensor]) -> [String: Retrieval] {
        var result: [String: Retrieval] = [:]
        for (from, queries) in embeddings {
            for (to, candidates) in embeddings where to != from {
                let answers = items.answers(from: from, to: to)
                guard answers.contains(where: { !$0.isEmpty }) else { continue }
                result["\(from.name)_to_\(to.name)"] = Retrieval(
                    queries: queries, candidates: candidates, answers: answers)
            }
        }
        return result
    }

    /// Masked tokens of the held-out text, the same each time, and the training text's unigram distribution on the same
    /// tokens.
    private func maskedWords(train: TextBlocks, heldOut: TextBlocks?) -> EvaluationReport {
        var report = EvaluationReport()
        guard let heldOut else {
            report.note("no text is held out: data.held_out names the file to evaluate on")
            return report
        }
        guard let masked = model.masked else {
            report.note("the objective predicts no masked words: running text is not evaluated")
            return report
        }
        let batches = heldOut.inOrder(by: recipe.batch)
        let metrics = masked.evaluate(batches)
        let vocabulary = masked.encoder.vocabulary
        let edges = Set([vocabulary.start, vocabulary.end].compactMap { $0 })  // around texts that are lines
        var unigram = Unigram(size: vocabulary.size, excluding: edges)
        for tokens in train.inOrder(by: recipe.batch) { unigram.add(tokens) }
        let baseline = unigram.evaluate(batches, masking: masked.masking, vocabulary: masked.encoder.vocabulary)
        report.maskedWords = MaskedWords(
            crossEntropy: metrics.crossEntropy, perplexity: metrics.perplexity, accuracy: metrics.accuracy,
            tokens: metrics.count,
            unigramCrossEntropy: baseline.crossEntropy)
        return report
    }
}
