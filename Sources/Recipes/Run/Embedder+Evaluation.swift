import ConcordDatasets
import ConcordEvaluation
import ConcordTensors

extension Embedder {
    /// Retrieval both ways on the held-out rows; with labels also zero-shot, k-NN and linear probe.
    /// - Parameters:
    ///   - templates: sentences for zero-shot; the recipe's own where nil.
    ///   - isQuick: retrieval alone, for the log of a run.
    func report(on data: PairTable, templates: [String]? = nil, isQuick: Bool = false) throws -> EvaluationReport {
        var report = EvaluationReport()
        let rows = Array(data.heldOut)
        let (images, indices) = try pictures(rows.map { $0.path(data.imageColumn) })
        let kept = indices.map { rows[$0] }
        let texts = kept.map(data.text)
        report.retrieval = retrieval(images: images, texts: texts, numbers: kept.map { Int(data.textNumber(of: $0)) })
        guard !isQuick else { return report }
        for label in recipe.data.labels {
            let names = try ClassNames(of: data.train, column: label)
            guard names.count > 1 else { continue }
            let truth = try kept.map { Int(try names.label(of: $0[label])) }
            if report.zeroShot == nil {
                let sentences = templates ?? [recipe.data.kind == .folder ? recipe.data.template : "{}"]
                let shot = ZeroShot(classes: names.names, templates: sentences) { self.texts($0) }
                report.zeroShot = Classification(predicted: shot.classify(images), truth: truth, classes: names.names)
            }
            guard recipe.data.split != nil else { continue }  // a probe is tried on rows that it was not fitted to
            let bank = Array(data.train)
            let (features, used) = try pictures(bank.map { $0.path(data.imageColumn) }, features: true)
            let queries = try pictures(kept.map { $0.path(data.imageColumn) }, features: true).embeddings
            let labels = try used.map { Int(try names.label(of: bank[$0][label])) }
            let neighbors = NearestNeighbors(embeddings: features, labels: labels, classes: names.count)
            report.knn = report.knn ?? [:]
            report.knn?[label] = Classification(predicted: neighbors.classify(queries), truth: truth, classes: names.names)
            let probe = LinearProbe(features: features, labels: labels, classes: names.count)
            report.linearProbe = report.linearProbe ?? [:]
            report.linearProbe?[label] = Classification(predicted: probe.classify(queries), truth: truth, classes: names.names)
        }
        return report
    }

    /// Both directions; where equal texts are positives they are one candidate.
    private func retrieval(images: Tensor, texts: [String], numbers: [Int]) -> [String: Retrieval] {
        guard recipe.objective.positives == .equalTexts else {
            let embedded = self.texts(texts)
            return [
                "image_to_text": Retrieval(queries: images, candidates: embedded),
                "text_to_image": Retrieval(queries: embedded, candidates: images),
            ]
        }
        var seen: Set<Int> = []
        let distinct = numbers.indices.filter { seen.insert(numbers[$0]).inserted }
        let embedded = self.texts(distinct.map { texts[$0] }), labels = distinct.map { numbers[$0] }
        return [
            "image_to_text": Retrieval(queries: images, candidates: embedded, queryLabels: numbers, candidateLabels: labels),
            "text_to_image": Retrieval(queries: embedded, candidates: images, queryLabels: labels, candidateLabels: numbers),
        ]
    }
}
