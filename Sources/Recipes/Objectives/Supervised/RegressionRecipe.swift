import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// Supervised regression: a head on an encoder learns the numbers of a column, from pretrained weights (`--init`,
/// `concord finetune`) or from none.
///
/// ```yaml
/// data: {path: houses.csv, columns: {image: photo}}
/// objective: {name: regression, target: price, loss: huber}
/// ```
/// Rows without a value in the column are left out, and counted. The numbers are standardized by the mean and the
/// deviation of the training rows'.
public struct RegressionRecipe: SupervisedRecipe {
    public static let name = "regression"

    /// How an error counts, in deviations of the training rows' numbers.
    public enum LossName: String, Sendable, CaseIterable {
        /// The square.
        case squared
        /// The absolute value.
        case absolute
        /// The square of small ones, the absolute value of large ones.
        case huber
    }

    let settings: SupervisedSettings
    private let target: String
    private let loss: LossName

    public init(_ fields: Fields, data: DataSettings) throws {
        settings = try SupervisedSettings(fields, data: data)
        target = try fields.string("target", default: "value", "The column of the numbers.")
        loss = try fields.choice(
            "loss", default: LossName.squared, "How an error counts, in deviations of the training rows' numbers.")
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = try settings.needs(data, for: Self.name)
        needs.target = target
        return needs
    }

    func outputs(_ parts: RecipeParts) -> Int { 1 }

    func labels(of batch: MultimodalBatch) -> Tensor? { batch.targets }

    func task<E: FeatureEncoder>(
        _ network: SupervisedNetwork<E>, _ parts: RecipeParts, _ embedders: [RecipeInput: ModalityEmbedder],
        _ batch: @escaping @Sendable (MultimodalBatch) -> Available<Labeled<E.Input>>?
    ) -> TrainingTask {
        let objective = Regressor(network, loss: .init(rawValue: loss.rawValue) ?? .squared)
        var task = TrainingTask(objective.on(input: batch), embedders: embedders)
        task.head = LabelHead(label: target, input: settings.input, kind: .number) {
            objective.numbers(network.outputs(of: $0))
        }
        task.preparation = { preparation in
            if !preparation.isResumed { objective.standardize(by: preparation.targets) }
        }
        task.evaluations = [LabelHeadEvaluation(), LabelHeadEvaluation(of: .validation)]
        return task
    }
}
