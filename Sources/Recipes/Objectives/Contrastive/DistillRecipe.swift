import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// A student learns the embeddings that a teacher has of the same files or texts: a run, or an index of embeddings that
/// were computed elsewhere.
///
/// ```yaml
/// objective: {name: distill, teacher: runs/large}                       # or an index: large.safetensors
/// objective: {name: distill, teacher: large.safetensors, loss: relational}
/// ```
/// The teacher sees each item once, whole; the student sees it as `views` say, so augmented. Its embeddings are in the
/// teacher's space: they may be searched for in the teacher's index, unless `loss` is relational.
/// - Source: cosine: the regression of normalized embeddings, as Grill et al. 2020 (arXiv:2006.07733) have it with a
///   moving teacher; relational: Park et al. 2019, arXiv:1904.05068; contrastive: Tian et al. 2020, arXiv:1910.10699,
///   with the batch's negatives in place of a bank's.
public struct DistillRecipe: ObjectiveRecipe {
    public static let name = "distill"

    /// How the student's embeddings are compared with the teacher's.
    public enum LossName: String, Sendable, CaseIterable {
        /// The cosine distance to the teacher's own.
        case cosine
        /// Distances and angles within the batch.
        case relational
        /// The teacher's embedding of the sample is to be found among those of the batch.
        case contrastive
    }

    private let input: RecipeInput
    private let teacher: String
    private let loss: LossName
    private let head: ContrastiveSettings.HeadName
    private let hidden: Int
    private let temperature, distances, angles: Double

    public init(_ fields: Fields, data: DataSettings) throws {
        let names = data.inputs.map(\.name)
        let name = try fields.choice("input", default: names[0], of: names, "What the student learns to embed.")
        input = data.input(name) ?? data.inputs[0]
        teacher = try fields.string(
            "teacher", default: "",
            "The teacher: a run directory, or an index of its embeddings, in the data directory or the working one.")
        loss = try fields.choice(
            "loss", default: LossName.cosine,
            "cosine: the teacher's embedding; relational: distances and angles; contrastive: found in the batch.")
        head = try fields.choice(
            "head", default: ContrastiveSettings.HeadName.linear,
            "From the student's output to the teacher's space: linear, mlp, or none where the sizes are equal.")
        hidden =
            head == .mlp
            ? try fields.integer("hidden", default: 512, in: 1...65536, "Size of the mlp head's hidden layer.") : 0
        temperature =
            loss == .contrastive
            ? try fields.number("temperature", default: 0.07, in: 1e-4...1e4, "Temperature of the softmax.") : 1
        distances =
            loss == .relational
            ? try fields.number("distances", default: 25, in: 0...1e6, "Weight of the distances.") : 0
        angles =
            loss == .relational ? try fields.number("angles", default: 50, in: 0...1e6, "Weight of the angles.") : 0
    }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        guard data.kind != .text else {
            throw ObjectiveFault("objective.name: distill learns from rows or files, and running text has none")
        }
        var needs = DataNeeds([input])
        (needs.hasSharedSpace, needs.smallestBatch) = (true, loss == .cosine ? 1 : 2)
        needs.teacher = DataNeeds.Teacher(teacher, of: input)
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let dimension = parts.recipe.model.dimension, name = input.name
        func tower<E: FeatureEncoder>(
            _ encoder: E, _ path: any KeyPath<MultimodalBatch, Available<E.Input>?> & Sendable
        ) throws -> Tower<MultimodalBatch> {
            guard head != .none || encoder.outputDimension == dimension else {
                throw RecipeError.data(
                    message: "objective.head: none wants an encoder of model.dimension \(dimension) numbers, and it "
                        + "has \(encoder.outputDimension)")
            }
            let kind: TowerHead =
                switch head {
                case .linear: .linear
                case .mlp: .mlp(hidden: hidden)
                case .none: .none
                }
            return Tower(name, path, encoder, head: kind)
        }
        let student =
            switch input.kind {
            case .image: try tower(try parts.imageEncoder(of: input), \.[image: name])
            case .text: try tower(try parts.textEncoder(of: input), \.[text: name])
            case .audio: try tower(try parts.audioEncoder(of: input), \.[audio: name])
            case .video: try tower(try parts.videoEncoder(of: input), \.[video: name])
            case .id: try tower(try parts.idEncoder(of: input), \.[ids: name])
            }
        let teacher = Tower<MultimodalBatch>("teacher", \.teacher, Identity(dimension: dimension), head: .none)
        let loss: any PairLoss =
            switch loss {
            case .cosine: CosineLoss()
            case .relational: RelationalLoss(distances: Float(distances), angles: Float(angles))
            case .contrastive: InfoNCE(temperature: .fixed(Float(temperature)), direction: .oneWay)
            }
        let objective = Contrastive([student, teacher], dimension: dimension, loss: loss)
        return TrainingTask(
            objective, embedders: [input: ContrastiveRecipe.embedder(of: input.name, by: objective)])
    }
}
