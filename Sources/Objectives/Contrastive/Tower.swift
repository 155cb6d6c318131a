public import ConcordLayers
import ConcordTensors

/// One modality of a contrastive model: where its input stands in a batch, and the encoder for it.
///
/// ```swift
/// Tower<Pair>("image", \.image, ResNet(depth: 18))
/// ```
public struct Tower<B: Sendable> {
    /// Its name in checkpoints, logs and `embed`.
    public let name: String
    let encoder: any TowerEncoder<B>
    /// Whether samples of a batch may lack its input.
    let mayLack: Bool

    /// A tower that every sample of a batch has an input for.
    /// - Parameters:
    ///   - name: without dots.
    ///   - input: the encoder's input in a batch.
    public init<E: FeatureEncoder>(_ name: String, _ input: any KeyPath<B, E.Input> & Sendable, _ encoder: E) {
        Self.check(name)
        (self.name, self.encoder, mayLack) = (name, WholeTower(encoder, to: input), false)
    }

    /// A tower that some samples of a batch may lack an input for; nil in a batch: all of them do.
    /// - Parameters:
    ///   - name: without dots.
    ///   - input: the encoder's input in a batch, with the samples that have it.
    public init<E: FeatureEncoder>(_ name: String, _ input: any KeyPath<B, Available<E.Input>?> & Sendable, _ encoder: E) {
        Self.check(name)
        (self.name, self.encoder, mayLack) = (name, PartialTower(encoder, to: input), true)
    }

    private static func check(_ name: String) {
        ShapeCheck.require(
            !name.isEmpty && !name.contains("."), "Tower", "\"\(name)\" cannot stand in a checkpoint's path")
    }
}

/// An encoder that finds its input in a batch by itself.
protocol TowerEncoder<B>: Module {
    associatedtype B
    var outputDimension: Int { get }
    /// Whether its inputs can be cut into samples.
    var isDivisible: Bool { get }
    /// Of the samples of a batch that have one; nil where none has.
    func input(of batch: B) -> TowerInput?
    /// `[N, C]` of an input on its own.
    func features(ofInput input: any Sendable, tower: String) -> Tensor
}

/// All samples have an input.
final class WholeTower<B: Sendable, E: FeatureEncoder>: TowerEncoder {
    let encoder: E
    private let input: any KeyPath<B, E.Input> & Sendable

    init(_ encoder: E, to input: any KeyPath<B, E.Input> & Sendable) {
        self.encoder = encoder
        self.input = input
    }

    var outputDimension: Int { encoder.outputDimension }

    var isDivisible: Bool { E.Input.self is any RowSliceable.Type }

    func input(of batch: B) -> TowerInput? { TowerInput(encoder, batch[keyPath: input]) }

    func features(ofInput input: any Sendable, tower: String) -> Tensor { encoder(checked(input, tower, for: encoder)) }
}

/// Some samples have one.
final class PartialTower<B: Sendable, E: FeatureEncoder>: TowerEncoder {
    let encoder: E
    private let input: any KeyPath<B, Available<E.Input>?> & Sendable

    init(_ encoder: E, to input: any KeyPath<B, Available<E.Input>?> & Sendable) {
        self.encoder = encoder
        self.input = input
    }

    var outputDimension: Int { encoder.outputDimension }

    var isDivisible: Bool { E.Input.self is any RowSliceable.Type }

    func input(of batch: B) -> TowerInput? {
        batch[keyPath: input].map { TowerInput(encoder, $0.input, rows: $0.rows, count: $0.count) }
    }

    func features(ofInput input: any Sendable, tower: String) -> Tensor { encoder(checked(input, tower, for: encoder)) }
}

private func checked<E: FeatureEncoder>(_ input: any Sendable, _ tower: String, for encoder: E) -> E.Input {
    guard let input = input as? E.Input else {
        ShapeCheck.fail("Contrastive", "tower \"\(tower)\" wants \(E.Input.self), found \(type(of: input))")
    }
    return input
}

/// A tower with its way into the shared space.
final class ProjectedTower<B: Sendable>: NamedModule {
    let name: String
    let encoder: any TowerEncoder<B>
    let projection: Linear
    let mayLack: Bool

    var checkpointNames: [String: String] { ["encoder": ""] }

    init(_ tower: Tower<B>, dimension: Int) {
        (name, encoder, mayLack) = (tower.name, tower.encoder, tower.mayLack)
        projection = Linear(tower.encoder.outputDimension, dimension, bias: false)
    }

    /// `[n, D]` of the samples that have an input.
    func embeddings(of batch: B) -> TowerEmbeddings? {
        encoder.input(of: batch).map { $0.embeddings(projection($0.features(nil))) }
    }
}
