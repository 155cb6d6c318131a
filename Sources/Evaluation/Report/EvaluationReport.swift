public import ConcordLayers

/// Everything that was evaluated of a model on some data: a section for each evaluation that the data allowed, and
/// `notes` that say why others are missing.
///
/// As JSON, the content of each section under its name:
///
///     {
///       "rows": {"table": …, "evaluated": 3, "total": 25, "rule": …, "trained_on": 0},
///       "retrieval": {"image_to_text": {"r1": …, "r5": …, "r10": …, "median_rank": …, "mean_rank": …, "mrr": …,
///                     "map": …, "ndcg10": …, "precision1": …, "recall1": …, …, "queries": …, "candidates": …}},
///       "recommendation": {"user_to_item": {"precision": …, "recall": …, "ndcg": …, "users": …, "items": …}},
///       "zero_shot": {"LABEL": {"accuracy": …, "balanced_accuracy": …, "macro_f1": …, "per_class": [{…}], …,
///                     "classes": […], "confusion": [[…]]}},
///       "knn": {"LABEL": {…}}, "linear_probe": {"LABEL": {…, "probabilities": {"log_loss": …, "auroc": {…}, …}}},
///       "classifier": {"LABEL": {…}}, "regression": {"COLUMN": {"mae": …, "rmse": …, "r2": …, "count": 12}},
///       "unknown_values": {"LABEL": {"VALUE": 12}},
///       "masked_words": {"cross_entropy": …}, "next_tokens": {"cross_entropy": …},
///       "embedding_geometry": {"inputs": {"image": {"uniformity": …, "effective_rank": …, …}},
///                              "alignment": {"image_text": {"value": …, "pairs": …}}},
///       "loss": {"held_out": …, "train": …, "gap": …, "samples": …},
///       "unreadable": [{"name": …, "reason": …}],
///       "notes": ["label word: one class only (apple), nothing to tell apart"]
///     }
public struct EvaluationReport: Sendable, Equatable {
    /// Which rows were evaluated; nil for running text.
    public var rows: EvaluatedRows?
    /// What each evaluation found, in the order in which it is shown and logged.
    public var sections: [EvaluationSection] = []
    /// Files that could not be read. A text is a candidate only if another row with it can be read.
    public var unreadable: [UnreadableFile]?
    /// What was left out and why, a sentence each.
    public var notes: [String]?

    /// Without any section.
    public init() {}

    /// Whether there is no metric at all.
    public var isEmpty: Bool { metrics.isEmpty }

    /// Adds a sentence to `notes`.
    public mutating func note(_ sentence: String) { notes = (notes ?? []) + [sentence] }

    /// All metrics, for the log of a training run and for choosing its best checkpoint.
    public var metrics: [Metric] { sections.flatMap(\.metrics) }
}

extension EvaluationReport {
    /// The content of a section; nil where there is no section of this name, or its content is of another type.
    public func content<Content>(of name: String, as type: Content.Type = Content.self) -> Content? {
        sections.first { $0.name == name }?.content as? Content
    }

    /// By direction: `image_to_text`, `text_to_image`, ….
    public var retrieval: [String: Retrieval]? { content(of: EvaluationSection.Name.retrieval) }
    /// By direction: `user_to_item`, ….
    public var recommendation: [String: Recommendation]? { content(of: EvaluationSection.Name.recommendation) }
    /// By label column.
    public var zeroShot: [String: Classification]? { content(of: EvaluationSection.Name.zeroShot) }
    /// By label column.
    public var knn: [String: Classification]? { content(of: EvaluationSection.Name.knn) }
    /// By label column.
    public var linearProbe: [String: Classification]? { content(of: EvaluationSection.Name.linearProbe) }
    /// By label column: evaluated samples of each value that no training row has. k-NN and linear probe leave them out.
    public var unknownValues: [String: [String: Int]]? { content(of: EvaluationSection.Name.unknownValues) }
    /// By label column: what the head that was trained on it says.
    public var classifier: [String: Classification]? { content(of: EvaluationSection.Name.classifier) }
    /// By target column: what the head that was trained on it says.
    public var regression: [String: RegressionMetrics]? { content(of: EvaluationSection.Name.regression) }
    /// Masked-token prediction of held-out text.
    public var maskedWords: TokenPrediction? { content(of: EvaluationSection.Name.maskedWords) }
    /// Next-token prediction of held-out text.
    public var nextTokens: TokenPrediction? { content(of: EvaluationSection.Name.nextTokens) }
    /// Uniformity, effective rank and alignment of the embeddings.
    public var embeddingGeometry: EmbeddingGeometry? { content(of: EvaluationSection.Name.embeddingGeometry) }
    /// The objective on held-out samples and on samples that it is trained on.
    public var loss: LossGap? { content(of: EvaluationSection.Name.loss) }
}

extension EvaluationReport: Codable {
    /// A member of the JSON object.
    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }

        static let rows = Member("rows"), unreadable = Member("unreadable"), notes = Member("notes")
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Member.self)
        try container.encodeIfPresent(rows, forKey: .rows)
        for section in sections { try container.encode(section.content, forKey: Member(section.name)) }
        try container.encodeIfPresent(unreadable, forKey: .unreadable)
        try container.encodeIfPresent(notes, forKey: .notes)
    }

    /// Reads a report back. Sections of one's own evaluations are not read: only their authors know their types.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Member.self)
        rows = try container.decodeIfPresent(EvaluatedRows.self, forKey: .rows)
        unreadable = try container.decodeIfPresent([UnreadableFile].self, forKey: .unreadable)
        notes = try container.decodeIfPresent([String].self, forKey: .notes)
        func section<Content: Decodable>(
            _ name: String, _ make: (Content) -> EvaluationSection
        ) throws -> EvaluationSection? {
            try container.decodeIfPresent(Content.self, forKey: Member(name)).map(make)
        }
        sections = [
            try section(EvaluationSection.Name.retrieval, EvaluationSection.retrieval),
            try section(EvaluationSection.Name.recommendation, EvaluationSection.recommendation),
            try section(EvaluationSection.Name.zeroShot, EvaluationSection.zeroShot),
            try section(EvaluationSection.Name.knn, EvaluationSection.knn),
            try section(EvaluationSection.Name.linearProbe, EvaluationSection.linearProbe),
            try section(EvaluationSection.Name.classifier, EvaluationSection.classifier),
            try section(EvaluationSection.Name.regression, EvaluationSection.regression),
            try section(EvaluationSection.Name.unknownValues, EvaluationSection.unknownValues),
            try section(EvaluationSection.Name.maskedWords, EvaluationSection.maskedWords),
            try section(EvaluationSection.Name.nextTokens, EvaluationSection.nextTokens),
            try section(EvaluationSection.Name.embeddingGeometry, EvaluationSection.embeddingGeometry),
            try section(EvaluationSection.Name.loss, EvaluationSection.loss),
        ].compactMap { $0 }
    }
}
