public import ConcordLayers
public import ConcordTensors
import Synchronization

/// A kind of encoder that recipes name: its keys, and how it is built.
///
/// One file defines one, and one line registers it; an external package does so with
/// ``Recipe/register(_:)-(EncoderRecipe.Type)``:
/// ```swift
/// struct PatchesRecipe: EncoderRecipe {
///     static let name = "patches"
///     let width: Int
///     init(_ fields: Fields, for use: EncoderUse) throws {
///         width = try fields.integer("width", default: 64, in: 1...4096, "Channels of a patch.")
///     }
///     func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Tensor> { Patches(width: width) }
/// }
/// ```
/// What the encoder's input is says which kind of input it is for: `Tensor` images, `Tokens` texts, `Waveform` audio,
/// `Video` videos, `IDs` ids.
public protocol EncoderRecipe: Sendable {
    /// What the encoder takes: `Tensor` for images, `Tokens`, `Waveform`, `Video` or `IDs`.
    associatedtype Input: Sendable

    /// What `model.image.encoder` calls it (`model.text.encoder`, …).
    static var name: String { get }

    /// The kind of input that it encodes. Not to be implemented: it follows from `Input`.
    static var kind: Modality { get }

    /// Decodes the keys of `model.image`.
    /// - Throws: `RecipeError` that names a key.
    init(_ fields: Fields, for use: EncoderUse) throws

    /// An encoder without values yet.
    /// - Throws: `RecipeError` where recipe and encoder do not fit.
    func makeEncoder(_ context: EncoderContext) throws -> any FeatureEncoder<Input>

    /// The key under which it normalizes by the statistics of the batch; nil where it does not. Microbatches are not
    /// exact then.
    var batchNormalizedKey: String? { get }

    /// Roughly how many weights each of its keys asks for, so that sizes that no memory holds are refused at once;
    /// none by default.
    /// - Parameter vocabulary: ids of the tokenizer, or of the input's column; 0 where no text is read.
    func weights(vocabulary: Int) -> [EncoderCost]

    /// Roughly how many bytes a batch takes by each of its keys; none by default.
    /// - Parameter samples: encoded at a time.
    func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost]

    /// Size of its embedding, roughly; 0 where it is not known.
    var embeddingSize: Int { get }
}

extension EncoderRecipe {
    public var batchNormalizedKey: String? { nil }
    public var embeddingSize: Int { 0 }
    public func weights(vocabulary: Int) -> [EncoderCost] { [] }
    public func activationBytes(samples: Int, views: ViewSettings) -> [EncoderCost] { [] }
}

extension EncoderRecipe where Input == Tensor { public static var kind: Modality { .image } }
extension EncoderRecipe where Input == Tokens { public static var kind: Modality { .text } }
extension EncoderRecipe where Input == Waveform { public static var kind: Modality { .audio } }
extension EncoderRecipe where Input == Video { public static var kind: Modality { .video } }
extension EncoderRecipe where Input == IDs { public static var kind: Modality { .id } }

/// An encoder of texts: it reads so many tokens of one.
public protocol TextEncoderRecipe: EncoderRecipe where Input == Tokens {
    /// Tokens that it reads at most, special ones included; at least 2.
    var context: Int { get }
}

/// What the recipe's objective does with an encoder.
public struct EncoderUse: Sendable {
    /// Whether tokens are predicted by the text encoder's own table.
    public let predictsTokens: Bool
    /// Whether each token or patch may see earlier ones alone.
    public let isCausal: Bool
    /// Whether the objective puts a network of its own over the encoder's frames.
    public let hasOwnContext: Bool

    init(_ needs: DataNeeds, of kind: Modality) {
        (predictsTokens, hasOwnContext) = (needs.predictsTokens, needs.unit == .windows)
        isCausal = needs.causalKinds.contains(kind)
    }
}

/// What an encoder is built for.
public struct EncoderContext: Sendable {
    /// How images and audio become tensors.
    public let views: ViewSettings
    /// The tokenizer's; nil where the recipe reads no text.
    public let vocabulary: Vocabulary?
    /// How many ids the encoder's input has among the training rows; 0 where it is of another kind.
    public let idCount: Int
}

/// What a key of an encoder costs: weights or bytes.
public struct EncoderCost: Sendable {
    /// The key below the encoder's own.
    public let key: String
    /// Weights, or bytes.
    public let amount: Double

    /// - Parameter key: below the encoder's own: `width`.
    public init(_ key: String, _ amount: Double) { (self.key, self.amount) = (key, amount) }
}

extension Recipe {
    private static let encoders = Mutex<[any EncoderRecipe.Type]>([
        ResNetRecipe.self, ModifiedResNetRecipe.self, ViTRecipe.self, CNNRecipe.self, TransformerRecipe.self, TokenAverageRecipe.self,
        LogMelRecipe.self, CPCEncoderRecipe.self, Wav2Vec2EncoderRecipe.self, IDRecipe.self, VideoRecipe.self,
    ])

    /// Makes an encoder known to recipes, by its name; one of the same name and kind is replaced.
    public static func register(_ encoder: any EncoderRecipe.Type) {
        encoders.withLock { known in
            if let place = known.firstIndex(where: { $0.name == encoder.name && $0.kind == encoder.kind }) {
                known[place] = encoder
            } else {
                known.append(encoder)
            }
        }
    }

    /// The encoders of a kind of input, the default first.
    static func encoderKinds(of kind: Modality) -> [any EncoderRecipe.Type] {
        encoders.withLock { $0.filter { $0.kind == kind } }
    }
}
