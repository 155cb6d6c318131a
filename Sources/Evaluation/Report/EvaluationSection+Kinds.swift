import ConcordFiles
import ConcordLayers

extension EvaluationSection {
    /// Retrieval by direction: `image_to_text`, ….
    public static func retrieval(_ directions: [String: Retrieval]) -> EvaluationSection {
        let sorted = directions.sorted { $0.key < $1.key }
        return EvaluationSection(
            name: Name.retrieval,
            metrics: sorted.flatMap { direction, found in
                [
                    Metric("\(Name.retrieval).\(direction).r1", found.r1, isBetter: .higher),
                    Metric("\(Name.retrieval).\(direction).r5", found.r5, isBetter: .higher),
                    Metric("\(Name.retrieval).\(direction).r10", found.r10, isBetter: .higher),
                    Metric("\(Name.retrieval).\(direction).median_rank", found.medianRank, isBetter: .lower),
                    Metric("\(Name.retrieval).\(direction).mean_rank", found.meanRank, isBetter: .lower),
                    Metric("\(Name.retrieval).\(direction).mrr", found.meanReciprocalRank, isBetter: .higher),
                    Metric("\(Name.retrieval).\(direction).map", found.meanAveragePrecision, isBetter: .higher),
                    Metric("\(Name.retrieval).\(direction).ndcg10", found.ndcg10, isBetter: .higher),
                ]
            },
            table: EvaluationTable(
                columns: ["retrieval", "R@1", "R@5", "R@10", "MRR", "NDCG@10", "median rank", "queries", "candidates"],
                rows: sorted.map { row($0, $1) }),
            content: directions)
    }

    private static func row(_ direction: String, _ found: Retrieval) -> [String] {
        // R@K of K candidates or fewer is 1 whatever the model: it is not shown.
        let recalls = [(1, found.r1), (5, found.r5), (10, found.r10)].map { k, value in
            k < found.candidates ? NumberText.fixed(value, decimals: 3) : "-"
        }
        let rest =
            [found.meanReciprocalRank, found.ndcg10].map { NumberText.fixed($0, decimals: 3) }
            + [NumberText.fixed(found.medianRank, decimals: 1), String(found.queries), String(found.candidates)]
        return [direction.split(separator: "_").joined(separator: " ")] + recalls + rest
    }

    /// Recommendation by direction: `user_to_item`, ….
    public static func recommendation(_ directions: [String: Recommendation]) -> EvaluationSection {
        let sorted = directions.sorted { $0.key < $1.key }
        return EvaluationSection(
            name: Name.recommendation,
            metrics: sorted.flatMap { direction, found in
                [
                    Metric("\(Name.recommendation).\(direction).precision", found.precision10, isBetter: .higher),
                    Metric("\(Name.recommendation).\(direction).recall", found.recall10, isBetter: .higher),
                    Metric("\(Name.recommendation).\(direction).ndcg", found.ndcg10, isBetter: .higher),
                ]
            },
            table: EvaluationTable(
                columns: ["recommendation", "precision@10", "recall@10", "NDCG@10", "queries", "candidates"],
                rows: sorted.map { direction, found in
                    [direction.split(separator: "_").joined(separator: " ")]
                        + [found.precision10, found.recall10, found.ndcg10].map { NumberText.fixed($0, decimals: 3) }
                        + [String(found.users), String(found.items)]
                }),
            content: directions)
    }

    /// Zero-shot classification by label column.
    public static func zeroShot(_ labels: [String: Classification]) -> EvaluationSection {
        classification(Name.zeroShot, "zero-shot", labels)
    }

    /// Classification by the nearest neighbors, by label column.
    public static func knn(_ labels: [String: Classification]) -> EvaluationSection {
        classification(Name.knn, "k-NN", labels)
    }

    /// Classification by a linear probe, by label column.
    public static func linearProbe(_ labels: [String: Classification]) -> EvaluationSection {
        classification(Name.linearProbe, "linear probe", labels)
    }

    /// What a trained head says of classes, by label column.
    public static func classifier(_ labels: [String: Classification]) -> EvaluationSection {
        classification(Name.classifier, "classifier", labels)
    }

    /// What a trained head says of classes of the rows kept for validation, by label column.
    public static func validation(_ labels: [String: Classification]) -> EvaluationSection {
        classification(Name.validation, "validation", labels)
    }

    private static func classification(
        _ name: String, _ title: String, _ labels: [String: Classification]
    ) -> EvaluationSection {
        let sorted = labels.sorted { $0.key < $1.key }
        return EvaluationSection(
            name: name,
            metrics: sorted.flatMap { label, found in
                metrics("\(name).\(label)", found)
            },
            table: EvaluationTable(
                columns: ["classification", "accuracy", "balanced accuracy", "macro F1", "samples", "classes"],
                rows: sorted.map { label, found in
                    let samples = found.confusion.reduce(0) { $0 + $1.reduce(0, +) }
                    return ["\(title) of \(label)"]
                        + [found.accuracy, found.balancedAccuracy ?? .nan, found.macroF1].map {
                            NumberText.fixed($0, decimals: 3)
                        }
                        + [String(samples), String(found.classes.count)]
                }),
            details: sorted.filter { $0.value.classes.count <= 12 }.map { label, found in
                ["\(title) of \(label), rows true, columns predicted"] + matrix(found)
            },
            content: labels)
    }

    private static func metrics(_ path: String, _ found: Classification) -> [Metric] {
        let classes = [
            Metric("\(path).accuracy", found.accuracy, isBetter: .higher),
            Metric("\(path).macro_f1", found.macroF1, isBetter: .higher),
            Metric("\(path).balanced_accuracy", found.balancedAccuracy ?? .nan, isBetter: .higher),
        ]
        guard let probabilities = found.probabilities else { return classes }
        return classes + [
            Metric("\(path).auroc", probabilities.auroc.macro ?? .nan, isBetter: .higher),
            Metric("\(path).average_precision", probabilities.averagePrecision.macro ?? .nan, isBetter: .higher),
            Metric("\(path).log_loss", probabilities.logLoss ?? .nan, isBetter: .lower),
            Metric("\(path).brier", probabilities.brier ?? .nan, isBetter: .lower),
            Metric("\(path).ece", probabilities.calibration.expectedError ?? .nan, isBetter: .lower),
        ]
    }

    private static func matrix(_ found: Classification) -> [String] {
        let names = found.classes.map { $0.count > 20 ? String($0.prefix(19)) + "…" : $0 }
        var table = AlignedTable()
        table.append("", names)
        for (name, counts) in zip(names, found.confusion) { table.append(name, counts.map(String.init)) }
        return table.lines()
    }

    /// Evaluated samples of values that no training row has, by label column and value: what k-NN and linear probe
    /// leave out.
    public static func unknownValues(_ labels: [String: [String: Int]]) -> EvaluationSection {
        EvaluationSection(
            name: Name.unknownValues, metrics: [], table: nil,
            remarks: labels.sorted { $0.key < $1.key }.map { sentence(about: $1, of: $0) }, content: labels)
    }

    private static func sentence(about values: [String: Int], of label: String) -> String {
        let count = values.values.reduce(0, +)
        let names = values.sorted { $0.key < $1.key }.prefix(5).map { "\"\($0.key)\" (\($0.value))" }
            .joined(separator: ", ")
        return "label \(label): \(count) \(count == 1 ? "sample has a value" : "samples have values") that no "
            + "training row has, left out of k-NN and linear probe: \(names)" + (values.count > 5 ? ", …" : "")
    }

    /// Masked-token prediction of held-out text.
    public static func maskedWords(_ words: TokenPrediction) -> EvaluationSection {
        tokens(Name.maskedWords, "masked words", words)
    }

    /// Next-token prediction of held-out text.
    public static func nextTokens(_ tokens: TokenPrediction) -> EvaluationSection {
        self.tokens(Name.nextTokens, "next tokens", tokens)
    }

    private static func tokens(_ name: String, _ title: String, _ found: TokenPrediction) -> EvaluationSection {
        EvaluationSection(
            name: name,
            metrics: [
                Metric("\(name).cross_entropy", found.crossEntropy, isBetter: .lower),
                Metric("\(name).perplexity", found.perplexity, isBetter: .lower),
                Metric("\(name).accuracy", found.accuracy, isBetter: .higher),
            ],
            table: EvaluationTable(
                columns: [title, "nats", "perplexity", "accuracy", "unigram nats", "tokens"],
                rows: [
                    [
                        "held out", NumberText.fixed(found.crossEntropy, decimals: 3),
                        NumberText.fixed(found.perplexity, decimals: 1),
                        NumberText.fixed(found.accuracy, decimals: 3),
                        NumberText.fixed(found.unigramCrossEntropy, decimals: 3), String(found.tokens),
                    ]
                ]),
            content: found)
    }

    /// The names of the sections that this library makes.
    enum Name {
        static let retrieval = "retrieval"
        static let recommendation = "recommendation"
        static let zeroShot = "zero_shot"
        static let knn = "knn"
        static let linearProbe = "linear_probe"
        static let unknownValues = "unknown_values"
        static let classifier = "classifier"
        static let validation = "validation"
        static let regression = "regression"
        static let maskedWords = "masked_words"
        static let nextTokens = "next_tokens"
        static let embeddingGeometry = "embedding_geometry"
        static let loss = "loss"
    }
}
