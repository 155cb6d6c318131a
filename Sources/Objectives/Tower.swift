public import ConcordLayers
import ConcordTensors

/// One modality of a contrastive model: where its input stands in a batch, and the encoder for it.
///
/// ```swift
/// Tower("image", \.image, ResNet(depth: 18))
/// ```
public struct Tower<B: Sendable> {
    /// Its name in checkpoints, logs and `embed`.
    public let name: String
    let encoder: any TowerEncoder<B>

    /// - Parameters:
    ///   - name: without dots.
    ///   - input: the encoder's input in a batch.
    public init<E: Encoder>(_ name: String, _ input: any KeyPath<B, E.Input> & Sendable, _ encoder: E) {
        ShapeCheck.require(!name.isEmpty && !name.contains("."), "Tower", "\"\(name)\" cannot stand in a checkpoint's path")
        self.name = name
        self.encoder = BoundEncoder(encoder, to: input)
    }
}

/// An encoder that finds its input in a batch by itself.
protocol TowerEncoder<B>: Module {
    associatedtype B
    var outputDimension: Int { get }
    /// `[N, D]` of a batch.
    func features(of batch: B) -> Tensor
    /// `[N, D]` of an input on its own.
    func features(ofInput input: any Sendable, tower: String) -> Tensor
}

final class BoundEncoder<B: Sendable, E: Encoder>: TowerEncoder {
    let encoder: E
    private let input: any KeyPath<B, E.Input> & Sendable

    init(_ encoder: E, to input: any KeyPath<B, E.Input> & Sendable) {
        self.encoder = encoder
        self.input = input
    }

    var outputDimension: Int { encoder.outputDimension }

    func features(of batch: B) -> Tensor { encoder(batch[keyPath: input]) }

    func features(ofInput input: any Sendable, tower: String) -> Tensor {
        guard let input = input as? E.Input else {
            ShapeCheck.fail("Contrastive", "tower \"\(tower)\" wants \(E.Input.self), found \(type(of: input))")
        }
        return encoder(input)
    }
}

/// A tower with its way into the shared space.
final class ProjectedTower<B: Sendable>: NamedModule {
    let name: String
    let encoder: any TowerEncoder<B>
    let projection: Linear

    var checkpointNames: [String: String] { ["encoder": ""] }

    init(_ tower: Tower<B>, dimension: Int) {
        name = tower.name
        encoder = tower.encoder
        projection = Linear(tower.encoder.outputDimension, dimension, bias: false)
    }
}
