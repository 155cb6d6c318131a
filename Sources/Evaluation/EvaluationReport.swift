/// Everything that was evaluated of a model on some data; parts that the data did not allow are nil, and `notes` say
/// why.
///
/// As JSON:
///
///     {
///       "rows": {"table": …, "evaluated": 3, "total": 25, "rule": …, "trained_on": 0},
///       "retrieval": {"image_to_text": {"r1": …, "r5": …, "r10": …, "median_rank": …, "queries": …, "candidates": …}},
///       "zero_shot": {"LABEL": {"accuracy": …, "macro_f1": …, "classes": […], "confusion": [[…]]}},
///       "knn": {"LABEL": {…}}, "linear_probe": {"LABEL": {…}},
///       "unknown_values": {"LABEL": {"VALUE": 12}},
///       "masked_words": {"cross_entropy": …},
///       "unreadable": [{"name": …, "reason": …}],
///       "notes": ["label word: one class only (apple), nothing to tell apart"]
///     }
public struct EvaluationReport: Sendable, Codable, Equatable {
    /// Which rows were evaluated; nil for running text.
    public var rows: EvaluatedRows?
    /// By direction: `image_to_text`, `text_to_image`, ….
    public var retrieval: [String: Retrieval]?
    /// By label column.
    public var zeroShot: [String: Classification]?
    /// By label column.
    public var knn: [String: Classification]?
    /// By label column.
    public var linearProbe: [String: Classification]?
    /// By label column: evaluated samples of each value that no training row has. k-NN and linear probe leave them out.
    public var unknownValues: [String: [String: Int]]?
    /// Masked-token metrics; nil for a model without a masked objective.
    public var maskedWords: MaskedWords?
    /// Files that could not be read. A text is a candidate only if another row with it can be read.
    public var unreadable: [UnreadableFile]?
    /// What was left out and why, a sentence each.
    public var notes: [String]?

    enum CodingKeys: String, CodingKey {
        case rows, retrieval, knn, unreadable, notes
        case zeroShot = "zero_shot"
        case linearProbe = "linear_probe"
        case unknownValues = "unknown_values"
        case maskedWords = "masked_words"
    }

    /// Without any result.
    public init() {}

    /// Whether there is no metric at all.
    public var isEmpty: Bool { metrics.isEmpty }

    /// Adds a sentence to `notes`.
    public mutating func note(_ sentence: String) { notes = (notes ?? []) + [sentence] }

    /// Named metrics, for the log of a training run and for choosing its best checkpoint: `retrieval.image_to_text.r1`.
    public var metrics: [(name: String, value: Double)] {
        var result: [(name: String, value: Double)] = []
        for (direction, found) in (retrieval ?? [:]).sorted(by: { $0.key < $1.key }) {
            result += [("r1", found.r1), ("r5", found.r5), ("r10", found.r10), ("median_rank", found.medianRank)]
                .map { ("retrieval.\(direction).\($0.0)", $0.1) }
        }
        for (part, reports) in [("zero_shot", zeroShot), ("knn", knn), ("linear_probe", linearProbe)] {
            for (label, report) in (reports ?? [:]).sorted(by: { $0.key < $1.key }) {
                result += [
                    ("\(part).\(label).accuracy", report.accuracy), ("\(part).\(label).macro_f1", report.macroF1),
                ]
            }
        }
        if let words = maskedWords {
            result += [
                ("masked_words.cross_entropy", words.crossEntropy), ("masked_words.perplexity", words.perplexity),
                ("masked_words.accuracy", words.accuracy),
            ]
        }
        return result
    }
}
