import ConcordEncoders
public import ConcordLayers
public import ConcordObjectives
import ConcordTensors

/// An objective over two views of one input: of an image, of a clip of sound, or of a video.
///
/// ```yaml
/// objective: {name: simclr, input: image}
/// ```
public protocol ViewsRecipe: ObjectiveRecipe {
    /// Whose views they are.
    var input: RecipeInput { get }
    /// The smallest batch that the loss has anything to learn from.
    var smallestBatch: Int { get }
    /// Which samples are each other's positives besides the two views of one; nil where none are.
    var positives: ContrastiveSettings.Positives? { get }
    /// Whether it takes smaller crops besides the two views (`views.local_crops`).
    static var usesLocalCrops: Bool { get }
    /// Evaluations of its own, beside those of the encoder.
    var evaluations: [any Evaluation] { get }
    /// The objective over the views that an encoder takes.
    func objective<E: FeatureEncoder>(over encoder: E) -> any Objective<Views<E.Input>>
}

extension ViewsRecipe {
    public var smallestBatch: Int { 2 }

    public var positives: ContrastiveSettings.Positives? { nil }

    public static var usesLocalCrops: Bool { false }

    public var evaluations: [any Evaluation] { [] }

    public func needs(_ data: DataSettings) throws -> DataNeeds {
        var needs = DataNeeds([input])
        (needs.views, needs.smallestBatch, needs.positives) = (2, smallestBatch, positives)
        needs.usesLocalCrops = Self.usesLocalCrops && input.kind == .image
        if positives == .label { try data.requireLabel(for: Self.name) }
        return needs
    }

    public func task(_ parts: RecipeParts) throws -> TrainingTask {
        func images<E: FeatureEncoder>(_ encoder: E) -> any Objective<MultimodalBatch> where E.Input == Tensor {
            views(objective(over: encoder), \.[imageViews: input.name])
        }
        func clips<E: FeatureEncoder>(_ encoder: E) -> any Objective<MultimodalBatch> where E.Input == Waveform {
            views(objective(over: encoder), \.[audioViews: input.name])
        }
        func videos<E: FeatureEncoder>(_ encoder: E) -> any Objective<MultimodalBatch> where E.Input == Video {
            views(objective(over: encoder), \.[videoViews: input.name])
        }
        func views<V: Sendable>(
            _ objective: some Objective<V>, _ path: any KeyPath<MultimodalBatch, Available<V>?> & Sendable
        ) -> any Objective<MultimodalBatch> { objective.on(path) }
        var task: TrainingTask
        switch input.kind {
        case .image:
            let encoder = try parts.imageEncoder(of: input)
            task = TrainingTask(images(encoder), embedders: [input: .images(encoder)])
        case .audio:
            let encoder = try parts.audioEncoder(of: input)
            task = TrainingTask(clips(encoder), embedders: [input: .audio(encoder)])
        case .video:
            let encoder = try parts.videoEncoder(of: input)
            task = TrainingTask(videos(encoder), embedders: [input: .videos(encoder)])
        case .text, .id:
            throw RecipeError.data(message: "objective.input: \(input) is \(input.kind.rawValue), which has no views")
        }
        task.evaluations += evaluations
        return task
    }
}

extension Fields {
    /// The key `input`: whose two views an objective compares; by default images where the data have any.
    public func viewedInput(_ data: DataSettings) throws -> RecipeInput {
        let inputs = data.inputs.filter(\.kind.isFile), kinds = [Modality.image, .audio, .video].map(\.rawValue)
        let names = inputs.map(\.name) + kinds.filter { kind in !inputs.contains { $0.name == kind } }
        let name = try choice("input", default: names[0], of: names, "Whose two views are compared.")
        guard let input = data.input(name) else { throw fault("input", "data.columns names no \(name)") }
        return input
    }
}
