/// Everything that was evaluated of a model on some data; parts that the data did not allow are nil.
///
/// As JSON: `{"retrieval": {"image_to_text": {"r1": …}}, "zero_shot": {…}, "knn": {…}, "linear_probe": {"LABEL": {…}},
/// "masked_words": {"cross_entropy": …}}`.
public struct EvaluationReport: Sendable, Codable, Equatable {
    /// By direction: `image_to_text`, `text_to_image`, ….
    public var retrieval: [String: Retrieval]?
    public var zeroShot: Classification?
    /// By label column.
    public var knn: [String: Classification]?
    /// By label column.
    public var linearProbe: [String: Classification]?
    public var maskedWords: MaskedWords?

    enum CodingKeys: String, CodingKey {
        case retrieval, knn
        case zeroShot = "zero_shot"
        case linearProbe = "linear_probe"
        case maskedWords = "masked_words"
    }

    public init() {}

    /// Named figures, for the log of a training run and for choosing its best checkpoint: `retrieval.image_to_text.r1`.
    public var figures: [(name: String, value: Double)] {
        var result: [(name: String, value: Double)] = []
        for (direction, found) in (retrieval ?? [:]).sorted(by: { $0.key < $1.key }) {
            result += [("r1", found.r1), ("r5", found.r5), ("r10", found.r10), ("median_rank", found.medianRank)]
                .map { ("retrieval.\(direction).\($0.0)", $0.1) }
        }
        if let zeroShot { result += [("zero_shot.accuracy", zeroShot.accuracy), ("zero_shot.macro_f1", zeroShot.macroF1)] }
        for (part, reports) in [("knn", knn), ("linear_probe", linearProbe)] {
            for (label, report) in (reports ?? [:]).sorted(by: { $0.key < $1.key }) {
                result += [("\(part).\(label).accuracy", report.accuracy), ("\(part).\(label).macro_f1", report.macroF1)]
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
