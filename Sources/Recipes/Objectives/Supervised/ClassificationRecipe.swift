import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Supervised classification: a head on an encoder learns the classes of a column, from pretrained weights (`--init`,
/// `concord finetune`) or from none.
///
/// ```yaml
/// data: {path: descriptions.tsv, columns: {text: description}, labels: [section]}
/// objective: {name: classification, label: section, label_smoothing: 0.1}
/// ```
/// Rows without a value in the column are left out, and counted.
public struct ClassificationRecipe: SupervisedRecipe {
    public static let name = "classification"

    /// How much each class counts.
    public enum Weights: String, Sendable, CaseIterable {
        /// As often as it is there.
        case none
        /// All the same: N / (K times the training rows of the class), as scikit-learn's "balanced".
        case balanced
    }

    let settings: SupervisedSettings
    private let label: String
    private let smoothing: Double
    private let weights: Weights

    public init(_ fields: Fields, data: DataSettings) throws {
        settings = try SupervisedSettings(fields, data: data)
        let labels = data.labels
        guard !labels.isEmpty else {
            throw fields.fault(
                "label", "data.labels names no column of classes; name one, as in data.labels: [category]")
        }
        label = try fields.choice("label", default: labels[0], of: labels, "The column of the classes, of data.labels.")
        smoothing = try fields.number(
            "label_smoothing", default: 0, in: 0...0.99, "Probability spread over all classes.")
        weights = try fields.choice(
            "class_weights", default: Weights.none, "balanced: rare classes count as much as frequent ones.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = try settings.needs(data, for: Self.name)
        needs.label = label
        return needs
    }

    func outputs(_ parts: RecipeParts) throws -> Int { try classes(parts).names.count }

    func labels(of batch: MultimodalBatch) -> Tensor? { batch.classes }

    func task<E: FeatureEncoder>(
        _ network: SupervisedNetwork<E>, _ parts: RecipeParts, _ embedders: [RecipeInput: ModalityEmbedder],
        _ batch: @escaping @Sendable (MultimodalBatch) -> Available<Labeled<E.Input>>?
    ) throws -> TrainingTask {
        let classes = try classes(parts)
        let objective = Classifier(
            network, smoothing: Float(smoothing), weights: weights == .balanced ? classes.balancedWeights : nil)
        var task = TrainingTask(objective.on(input: batch), embedders: embedders)
        task.head = LabelHead(label: label, input: settings.input, kind: .classes(classes.names)) {
            network.outputs(of: $0)
        }
        task.evaluations = [LabelHeadEvaluation(), LabelHeadEvaluation(of: .validation)]
        return task
    }

    private func classes(_ parts: RecipeParts) throws -> LabelClasses {
        guard let classes = parts.classes[label], classes.names.count > 1 else {
            let only = parts.classes[label]?.names.first.map { " (\($0))" } ?? ""
            throw RecipeError.data(
                message: "objective.label: the training rows have one class of \(label) only\(only), and there is "
                    + "nothing to tell apart; give rows of two or more")
        }
        return classes
    }
}

/// The classes of a label, with how many training rows have each.
public struct LabelClasses: Sendable, Equatable {
    /// In the order of the head's outputs.
    public let names: [String]
    /// Training rows of each; nil in a model that is not trained.
    public let counts: [Int]?

    /// What makes each class count the same, N / (K N_k); nil where the counts are not known. A class without a row
    /// has 0.
    var balancedWeights: [Float]? {
        counts.map { counts in
            let total = Double(counts.reduce(0, +)), present = Double(counts.count { $0 > 0 })
            return counts.map { $0 > 0 ? Float(total / (present * Double($0))) : 0 }
        }
    }
}
