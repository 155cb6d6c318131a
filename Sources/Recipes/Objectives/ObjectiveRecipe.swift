import ConcordDatasets
public import ConcordLayers
public import ConcordObjectives
public import ConcordTensors
import Synchronization

/// A kind of objective that recipes name: its keys, what it needs of the data, and how its parts are put together.
///
/// One file defines one, and one line registers it; an external package does so with
/// ``Recipe/register(_:)-(ObjectiveRecipe.Type)``:
/// ```swift
/// struct RotationRecipe: ObjectiveRecipe {
///     static let name = "rotation"
///     let angles: Int
///     init(_ fields: Fields, data: DataSettings) throws {
///         angles = try fields.integer("angles", default: 4, in: 2...8, "Angles to tell apart.")
///     }
///     func needs(_ data: DataSettings) throws -> DataNeeds { DataNeeds([.image]) }
///     func task(_ parts: RecipeParts) throws -> TrainingTask { try rotationTask(parts, angles) }
/// }
/// ```
public protocol ObjectiveRecipe: Sendable {
    /// What `objective.name` calls it.
    static var name: String { get }

    /// Decodes the keys of `objective`.
    /// - Throws: `RecipeError` that names a key.
    init(_ fields: Fields, data: DataSettings) throws

    /// What it asks of the data.
    /// - Throws: ``ObjectiveFault`` where these data cannot serve it.
    func needs(_ data: DataSettings) throws -> DataNeeds

    /// Puts the parts together.
    func task(_ parts: RecipeParts) throws -> TrainingTask

    /// Weights that the objective adds to its encoders, roughly, and the key that they follow; nil for few.
    func weights(features: Double, context: Double) -> (key: String, count: Double)?
}

extension ObjectiveRecipe {
    public func weights(features: Double, context: Double) -> (key: String, count: Double)? { nil }
}

/// What an objective asks of a recipe's data.
public struct DataNeeds: Sendable {
    /// What a training sample is.
    public enum Unit: Sendable {
        /// A row of a table, or a file.
        case rows
        /// A window of a recording, or of several joined to a stream.
        case windows
    }

    /// Something whose embeddings of an input are learned.
    public struct Teacher: Sendable {
        /// A run directory, or an index.
        public let path: String
        /// What it embeds.
        public let input: RecipeInput

        /// - Parameter path: of a run directory, or an index.
        public init(_ path: String, of input: RecipeInput) { (self.path, self.input) = (path, input) }
    }

    /// The inputs that it reads.
    public var inputs: [RecipeInput]
    /// How many of its inputs a sample must have.
    public var least = 1
    /// How many views of each image or clip a sample has: 1 or 2.
    public var views = 1
    /// Whether it also takes smaller crops of images, where the recipe has them (`views.local_crops`).
    public var usesLocalCrops = false
    /// What a training sample is.
    public var unit = Unit.rows
    /// The smallest batch that the loss has anything to learn from.
    public var smallestBatch = 1
    /// The column whose classes are learned; nil where none are.
    public var label: String?
    /// The column whose numbers are learned; nil where none are.
    public var target: String?
    /// Whether rows without a value in the column of `label` or `target` are samples too: other parts of a sum learn
    /// from them.
    public var takesUnlabeled = false
    /// Which samples are each other's positives; nil where the objective asks for none.
    public var positives: ContrastiveSettings.Positives?
    /// Whether the encoders share a space of their own size, `model.dimension`.
    public var hasSharedSpace = false
    /// Whether tokens are predicted by the text encoder's own table.
    public var predictsTokens = false
    /// Whose embeddings are learned; nil where none are.
    public var teacher: Teacher?
    /// Whether some of the tokens are masked.
    public var masksTokens = false
    /// The kinds of inputs of which each token or patch may see earlier ones alone.
    public var causalKinds: Set<Modality> = []

    /// The kinds of its inputs.
    public var modalities: Set<Modality> { Set(inputs.map(\.kind)) }

    /// - Parameter inputs: the inputs that the objective reads.
    public init(_ inputs: [RecipeInput]) { self.inputs = inputs }
}

/// Why an objective cannot learn from a recipe's data.
public struct ObjectiveFault: Error {
    /// What is wrong, and how to fix it.
    public let message: String
    /// - Parameter message: what is wrong, and how to fix it.
    public init(_ message: String) { self.message = message }
}

/// What a recipe trains: the objective over a batch, and a way from each input to an embedding.
public struct TrainingTask: Sendable {
    /// What is minimized.
    public let objective: any Objective<MultimodalBatch>
    /// From each input to its embeddings.
    public let embedders: [RecipeInput: ModalityEmbedder]
    /// Probabilities of classes `[N, K]` from cosines `[N, K]`, where the inputs share a space; nil where they do
    /// not.
    public let probabilities: (@Sendable (Tensor) -> Tensor)?
    /// What held-out data are evaluated by, in the order of the report; at first what the abilities allow.
    public var evaluations: [any Evaluation]
    /// What says the class or the number of a sample, where that is learned; nil where it is not.
    var head: LabelHead?
    /// What is done with the training data before the first step, and when a run is resumed; nil: nothing.
    var preparation: (@Sendable (TrainingPreparation) throws -> Void)?
    /// The model of masked tokens, where there is one.
    let masked: MaskedLanguageModel?
    /// The model of next tokens, where there is one.
    let generator: CausalLanguageModel?

    /// - Parameters:
    ///   - objective: what is minimized.
    ///   - embedders: from each input that can be embedded to its embeddings.
    ///   - probabilities: probabilities of classes `[N, K]` from cosines `[N, K]`, where the inputs share a space.
    public init(
        _ objective: any Objective<MultimodalBatch>, embedders: [RecipeInput: ModalityEmbedder],
        probabilities: (@Sendable (Tensor) -> Tensor)? = nil
    ) {
        self.init(objective, embedders: embedders, probabilities: probabilities, masked: nil)
    }

    init(
        _ objective: any Objective<MultimodalBatch>, embedders: [RecipeInput: ModalityEmbedder],
        probabilities: (@Sendable (Tensor) -> Tensor)? = nil, masked: MaskedLanguageModel?,
        generator: CausalLanguageModel? = nil
    ) {
        (self.objective, self.embedders, self.probabilities) = (objective, embedders, probabilities)
        (self.masked, self.generator) = (masked, generator)
        evaluations = Self.evaluations(
            of: embedders.keys, hasSharedSpace: probabilities != nil, predictsTokens: masked != nil)
    }
}

/// What an objective may look at before the first step.
struct TrainingPreparation {
    /// The batches that it will be trained on.
    let batches: Batches<MultimodalBatch>
    /// The directory that the recipe's data paths start from.
    let data: String
    /// The numbers that are learned, one a training row; empty where none are.
    let targets: [Float]
    /// Of the recipe.
    let seed: UInt64
    /// Whether buffers will be those of a checkpoint.
    let isResumed: Bool
}

/// From one input of some samples to their embeddings.
public struct ModalityEmbedder: Sendable {
    /// `[N, D]`, in the shared space where there is one.
    let embedding: @Sendable (ModalityInput) -> Tensor
    /// `[N, C]`, what probes look at: the encoder's output.
    let features: @Sendable (ModalityInput) -> Tensor
    /// Frames of clips in their context, `[N, T, D]`; nil where there are none.
    private(set) var frames: (@Sendable (Waveform) -> Tensor)?

    /// One output for both.
    public init(_ embedding: @escaping @Sendable (ModalityInput) -> Tensor) {
        (self.embedding, features) = (embedding, embedding)
    }

    /// - Parameters:
    ///   - embedding: `[N, D]`, in the shared space where there is one.
    ///   - features: `[N, C]`, what probes look at.
    public init(
        embedding: @escaping @Sendable (ModalityInput) -> Tensor,
        features: @escaping @Sendable (ModalityInput) -> Tensor
    ) {
        (self.embedding, self.features) = (embedding, features)
    }

    /// An encoder of images.
    public static func images(_ encoder: any FeatureEncoder<Tensor>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .image(let images) = input else { input.stop(.image) }
            return encoder(images)
        }
    }

    /// An encoder of texts.
    public static func texts(_ encoder: any FeatureEncoder<Tokens>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .text(let tokens) = input else { input.stop(.text) }
            return encoder(tokens)
        }
    }

    /// An encoder of audio.
    public static func audio(_ encoder: any FeatureEncoder<Waveform>) -> ModalityEmbedder {
        audio { encoder($0) }
    }

    /// An encoder of ids.
    public static func ids(_ encoder: any FeatureEncoder<IDs>) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .ids(let ids) = input else { input.stop(.id) }
            return encoder(ids)
        }
    }

    /// An encoder of videos.
    public static func videos(_ encoder: any FeatureEncoder<Video>) -> ModalityEmbedder { videos { encoder($0) } }

    /// Something that takes clips of videos.
    public static func videos(_ body: @escaping @Sendable (Video) -> Tensor) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .video(let clips) = input else { input.stop(.video) }
            return body(clips)
        }
    }

    /// Something that takes clips.
    public static func audio(_ body: @escaping @Sendable (Waveform) -> Tensor) -> ModalityEmbedder {
        ModalityEmbedder { input in
            guard case .audio(let clips) = input else { input.stop(.audio) }
            return body(clips)
        }
    }

    /// Something that takes clips, and has frames of them, `[N, T, D]`.
    static func audio(
        _ body: @escaping @Sendable (Waveform) -> Tensor, frames: @escaping @Sendable (Waveform) -> Tensor
    ) -> ModalityEmbedder {
        var embedder = audio(body)
        embedder.frames = frames
        return embedder
    }
}

/// One input of some samples, as an encoder takes it.
public enum ModalityInput: Sendable {
    /// `[N, H, W, 3]`.
    case image(Tensor)
    /// `[N, T]`.
    case text(Tokens)
    /// `[N, S]`.
    case audio(Waveform)
    /// `[N]`.
    case ids(IDs)
    /// `[N, T, H, W, 3]`.
    case video(Video)

    func stop(_ wanted: Modality) -> Never { ShapeCheck.fail("embed", "an encoder of \(wanted.rawValue) got \(self)") }
}

extension Recipe {
    private static let objectives = Mutex<[any ObjectiveRecipe.Type]>([
        ContrastiveRecipe.self, MaskedRecipe.self, PredictiveRecipe.self, FramesRecipe.self, SimCLRRecipe.self,
        SupConRecipe.self, MoCoRecipe.self, MoCoV3Recipe.self, NNCLRRecipe.self, BYOLRecipe.self, SimSiamRecipe.self,
        BarlowTwinsRecipe.self, VICRegRecipe.self, WMSERecipe.self, SwAVRecipe.self, DINORecipe.self,
        SimCSERecipe.self, DistillRecipe.self, RotationRecipe.self, JigsawRecipe.self, PatchPositionRecipe.self,
        ColorizationRecipe.self, NextFrameRecipe.self, TemporalOrderRecipe.self, MAERecipe.self, SimMIMRecipe.self,
        NextTokenRecipe.self, NextPatchRecipe.self, SumRecipe.self,
        Wav2Vec2Recipe.self, COLARecipe.self, TERARecipe.self, APCRecipe.self, HuBERTRecipe.self,
        ClassificationRecipe.self, RegressionRecipe.self,
    ])

    /// Makes an objective known to recipes, by its name; one of the same name is replaced.
    public static func register(_ objective: any ObjectiveRecipe.Type) {
        objectives.withLock { known in
            if let place = known.firstIndex(where: { $0.name == objective.name }) {
                known[place] = objective
            } else {
                known.append(objective)
            }
        }
    }

    static var objectiveKinds: [any ObjectiveRecipe.Type] { objectives.withLock { $0 } }
}

/// `objective`: what is minimized.
public struct ObjectiveSettings: Sendable {
    /// What `objective.name` calls it.
    public let name: String
    /// Its keys, decoded.
    public let recipe: any ObjectiveRecipe
    /// What it asks of the data.
    public let needs: DataNeeds

    init(_ fields: Fields, data: DataSettings, root: Fields) throws {
        let kinds = Recipe.objectiveKinds
        let name = try fields.choice(
            "name", default: ContrastiveRecipe.name, of: kinds.map { $0.name }, "What is minimized.")
        let kind = kinds.first { $0.name == name } ?? ContrastiveRecipe.self
        self.name = name
        recipe = try kind.init(fields, data: data)
        do { needs = try recipe.needs(data) } catch let fault as ObjectiveFault {
            throw root.fault("data", fault.message)
        }
    }
}

extension DataSettings {
    /// The first input of a kind.
    public func first(_ kind: Modality) -> RecipeInput? { inputs.first { $0.kind == kind } }

    /// The first input of a kind, if these data have one.
    /// - Throws: ``ObjectiveFault`` where they do not.
    @discardableResult
    public func require(_ kind: Modality, for objective: String) throws -> RecipeInput {
        guard let input = first(kind) else {
            throw ObjectiveFault("objective \(objective) learns from \(kind.rawValue), and data.columns names none")
        }
        return input
    }

    /// The column whose values are classes for positives by label.
    /// - Throws: ``ObjectiveFault`` where `labels` names none.
    @discardableResult
    public func requireLabel(for objective: String) throws -> String {
        guard let label = labels.first else {
            throw ObjectiveFault(
                "objective \(objective) makes samples of a class each other's positives, and data.labels names no "
                    + "column of classes; name one, as in labels: [category]")
        }
        return label
    }

    /// An input by its name.
    public func input(_ name: String) -> RecipeInput? { inputs.first { $0.name == name } }
}
