import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors

/// An objective over samples with labels: a head on the encoder of one input.
protocol SupervisedRecipe: ObjectiveRecipe {
    /// The keys that all of them have.
    var settings: SupervisedSettings { get }
    /// Numbers that the head makes of a sample.
    func outputs(_ parts: RecipeParts) throws -> Int
    /// What the batch says of each of its samples, `[N]`; nil where it says nothing.
    func labels(of batch: MultimodalBatch) -> Tensor?
    /// The task of the objective over a network, whose embedders are given.
    func task<E: FeatureEncoder>(
        _ network: SupervisedNetwork<E>, _ parts: RecipeParts, _ embedders: [RecipeInput: ModalityEmbedder],
        _ batch: @escaping @Sendable (MultimodalBatch) -> Available<Labeled<E.Input>>?
    ) throws -> TrainingTask
}

extension SupervisedRecipe {
    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        let input = settings.input, name = input.name
        switch input.kind {
        case .image:
            let encoder = try parts.imageEncoder(of: input)
            return try task(encoder, .images(encoder), parts) { $0[image: name] }
        case .text:
            let encoder = try parts.textEncoder(of: input)
            return try task(encoder, .texts(encoder), parts) { $0[text: name] }
        case .audio:
            let encoder = try parts.audioEncoder(of: input)
            return try task(encoder, .audio(encoder), parts) { $0[audio: name] }
        case .video:
            let encoder = try parts.videoEncoder(of: input)
            return try task(encoder, .videos(encoder), parts) { $0[video: name] }
        case .id:
            let encoder = try parts.idEncoder(of: input)
            return try task(encoder, .ids(encoder), parts) { $0[ids: name] }
        }
    }

    private func task<E: FeatureEncoder>(
        _ encoder: E, _ embedder: ModalityEmbedder, _ parts: RecipeParts,
        _ input: @escaping @Sendable (MultimodalBatch) -> Available<E.Input>?
    ) throws -> TrainingTask {
        let network = settings.network(encoder, outputs: try outputs(parts))
        return try task(network, parts, [settings.input: embedder]) { batch in
            guard let own = input(batch), let labels = labels(of: batch) else { return nil }
            guard let rows = own.rows else { return Available(Labeled(own.input, labels: labels), count: own.count) }
            let places = Tensor(rows.map { Int32(truncatingIfNeeded: $0) }, shape: [rows.count])
            return Available(
                Labeled(own.input, labels: labels.gathered(at: places)), rows: rows, of: own.count)
        }
    }
}

/// What a trained head says of an input's samples.
public struct LabelHead: Sendable {
    /// What the head's numbers are.
    public enum Kind: Sendable {
        /// Logits of classes.
        case classes([String])
        /// One number.
        case number
    }

    /// The column that it was trained on.
    public let label: String
    /// What it judges.
    public let input: RecipeInput
    /// What its numbers are.
    public let kind: Kind
    /// From the encoder's output `[N, C]`: logits `[N, K]`, or numbers `[N]`.
    let outputs: @Sendable (Tensor) -> Tensor
}
