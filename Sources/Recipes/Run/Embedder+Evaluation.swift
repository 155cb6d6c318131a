import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordObjectives
import ConcordTensors

extension Embedder {
    /// What the held-out part of the data says of the model: retrieval between all modalities, zero-shot, k-NN and linear probes, or
    /// masked words, whichever the data and the model allow.
    /// - Parameters:
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    ///   - isQuick: what the log of a run shows: retrieval or masked words alone, probes only where there is nothing else.
    func report(on data: TrainingData, templates: [String]? = nil, isQuick: Bool = false) throws -> EvaluationReport {
        var report = EvaluationReport()
        switch data {
        case .blocks(let train, let heldOut):
            if let heldOut { report.maskedWords = maskedWords(train: train, heldOut: heldOut) }
        case .samples(let table), .streams(let table, _):
            // Without a shared space, embeddings are only for probes of labels.
            guard model.contrastive != nil || !recipe.data.labels.isEmpty else { break }
            let rows = Array(table.heldOut)
            var found: [Modality: HeldOut] = [:]
            for modality in Modality.allCases where model.modalities.contains(modality) {
                found[modality] = try heldOut(modality, rows, table)
            }
            if model.contrastive != nil { report.retrieval = retrieval(among: found) }
            guard !isQuick || model.contrastive == nil else { return report }
            try classify(rows, found, table, templates: templates, into: &report)
        }
        return report
    }

    /// The held-out samples that have a modality.
    private struct HeldOut {
        let embeddings: Tensor
        /// Which of the held-out rows they are.
        let rows: [Int]
        /// Equal for equal texts, where those are each other's answers.
        let numbers: [Int]?
    }

    private func heldOut(_ modality: Modality, _ rows: [Row], _ table: SampleTable) throws -> HeldOut? {
        var (embeddings, kept): (Tensor, [Int])
        if modality == .text {
            kept = rows.indices.filter { table.hasText(rows[$0]) }
            guard !kept.isEmpty else { return nil }
            if recipe.objective.usesEqualTexts {  // equal texts are one candidate
                var seen: Set<Int32> = []
                kept = kept.filter { seen.insert(table.textNumber(of: rows[$0])).inserted }
            }
            embeddings = try texts(kept.map { table.text(of: rows[$0]) })
        } else {
            let present = rows.indices.filter { table.path(modality, of: rows[$0]) != nil }
            guard !present.isEmpty else { return nil }
            let (all, indices) = try files(present.map { table.path(modality, of: rows[$0]) ?? "" }, modality)
            (embeddings, kept) = (all, indices.map { present[$0] })
        }
        let numbers = recipe.objective.usesEqualTexts ? kept.map { Int(table.textNumber(of: rows[$0])) } : nil
        return HeldOut(embeddings: embeddings, rows: kept, numbers: numbers)
    }

    /// Every direction between two modalities.
    private func retrieval(among found: [Modality: HeldOut]) -> [String: Retrieval] {
        var result: [String: Retrieval] = [:]
        for (from, queries) in found {
            for (to, candidates) in found where to != from {
                // A query whose answer is not among the candidates asks nothing.
                let answers = Set(candidates.numbers ?? candidates.rows), labels = queries.numbers ?? queries.rows
                let asked = labels.indices.filter { answers.contains(labels[$0]) }
                guard !asked.isEmpty else { continue }
                let places = Tensor(asked.map(Int32.init), shape: [asked.count])
                result["\(from.rawValue)_to_\(to.rawValue)"] = Retrieval(
                    queries: queries.embeddings.gathered(at: places, axis: 0), candidates: candidates.embeddings,
                    queryLabels: asked.map { labels[$0] }, candidateLabels: candidates.numbers ?? candidates.rows)
            }
        }
        return result
    }

    private func classify(
        _ rows: [Row], _ found: [Modality: HeldOut], _ table: SampleTable, templates: [String]?, into report: inout EvaluationReport
    ) throws {
        guard let modality = [Modality.image, .audio].first(where: { found[$0] != nil }), let queries = found[modality],
            !recipe.data.labels.isEmpty
        else { return }
        let bank = Array(table.train)
        var features: (bank: Tensor, used: [Int], queries: Tensor)?
        if recipe.data.split != nil {  // a probe is tried on rows that it was not fitted to
            let present = bank.indices.filter { table.path(modality, of: bank[$0]) != nil }
            let (bankFeatures, used) = try files(present.map { table.path(modality, of: bank[$0]) ?? "" }, modality, features: true)
            let asked =
                model.contrastive == nil
                ? queries.embeddings
                : try files(queries.rows.map { table.path(modality, of: rows[$0]) ?? "" }, modality, features: true).embeddings
            features = (bankFeatures, used.map { present[$0] }, asked)
        }
        for label in recipe.data.labels {
            let names = try table.classes(label)
            guard names.count > 1 else { continue }
            let truth = try queries.rows.map { Int(try names.label(of: table.value(label, of: rows[$0]))) }
            if report.zeroShot == nil, model.contrastive != nil, model.modalities.contains(.text) {
                let sentences = templates ?? [recipe.data.template]
                let shot = try ZeroShot(classes: names.names, templates: sentences) { try self.texts($0) }
                report.zeroShot = Classification(predicted: shot.classify(queries.embeddings), truth: truth, classes: names.names)
            }
            guard let features else { continue }
            let labels = try features.used.map { Int(try names.label(of: table.value(label, of: bank[$0]))) }
            let neighbors = NearestNeighbors(embeddings: features.bank, labels: labels, classes: names.count)
            report.knn = report.knn ?? [:]
            report.knn?[label] = Classification(predicted: neighbors.classify(features.queries), truth: truth, classes: names.names)
            let probe = LinearProbe(features: features.bank, labels: labels, classes: names.count)
            report.linearProbe = report.linearProbe ?? [:]
            report.linearProbe?[label] = Classification(predicted: probe.classify(features.queries), truth: truth, classes: names.names)
        }
    }

    /// Hidden tokens of the held-out text, the same each time, and the training text's unigram distribution on the same tokens.
    private func maskedWords(train: TextBlocks, heldOut: TextBlocks) -> MaskedWords? {
        guard let masked = model.masked else { return nil }
        let batches = heldOut.inOrder(by: recipe.batch)
        let figures = masked.evaluate(batches)
        let vocabulary = masked.encoder.vocabulary
        let edges = Set([vocabulary.start, vocabulary.end].compactMap { $0 })  // around texts that are lines
        var unigram = Unigram(size: vocabulary.size, excluding: edges)
        for tokens in train.inOrder(by: recipe.batch) { unigram.add(tokens) }
        let baseline = unigram.evaluate(batches, masking: masked.masking, vocabulary: masked.encoder.vocabulary)
        return MaskedWords(
            crossEntropy: figures.crossEntropy, perplexity: figures.perplexity, accuracy: figures.accuracy, tokens: figures.count,
            unigramCrossEntropy: baseline.crossEntropy)
    }
}
