public import ConcordLayers
import ConcordTensors

/// One input of a contrastive model: where a batch has it, its encoder, and the head that maps the encoder's output
/// `[N, C]` to the shared space `[N, D]`.
///
/// ```swift
/// Tower<Pair>("image", \.image, ResNet(depth: 18))
/// Tower<Pair>("text", \.text, text, head: .mlp(hidden: 512))
/// ```
///
/// Several towers may have one encoder: a question and its answer, an image before and after. The encoder, and the head
/// where both towers name the same kind, are then stored once, under the first tower's name, and trained by the sum of
/// the towers' gradients.
///
/// In checkpoints: `NAME.encoder.…`, `NAME.projection.weight` (linear head) or `NAME.head.…` (MLP).
public final class Tower<B: Sendable>: NamedModule {
    /// The input of those samples of a batch that have one, which samples these are (ascending; nil: all), and the
    /// number N of samples in the batch (nil: as many as the input has).
    typealias Input = (value: any Sendable, rows: [Int]?, count: Int?)

    /// Its name in checkpoints, logs and `embed`.
    public let name: String
    let encoder: any Module
    let projection: Linear?
    let head: ProjectionHead?
    let headKind: TowerHead
    /// Size C of the encoder's output.
    let featureDimension: Int
    /// Whether samples of a batch may lack the input.
    let mayLackInput: Bool
    /// Whether the input can be cut into samples.
    let isSliceable: Bool
    private let inputType: String
    private let find: @Sendable (B) -> Input?
    /// `[N, C]`; nil for an input of another type than the encoder's.
    private let encode: @Sendable (any Sendable) -> Tensor?

    /// A tower that every sample of a batch has an input for.
    /// - Parameters:
    ///   - name: not empty, without dots.
    ///   - input: the encoder's input in a batch.
    public convenience init<E: FeatureEncoder>(
        _ name: String, _ input: any KeyPath<B, E.Input> & Sendable, _ encoder: E, head: TowerHead = .linear
    ) {
        self.init(name, encoder, head, mayLackInput: false) { ($0[keyPath: input], rows: nil, count: nil) }
    }

    /// A tower that some samples of a batch may lack an input for; nil in a batch: all of them do.
    /// - Parameters:
    ///   - name: not empty, without dots.
    ///   - input: the encoder's input in a batch, with the samples that have it.
    public convenience init<E: FeatureEncoder>(
        _ name: String, _ input: any KeyPath<B, Available<E.Input>?> & Sendable, _ encoder: E,
        head: TowerHead = .linear
    ) {
        self.init(name, encoder, head: head) { $0[keyPath: input] }
    }

    /// A tower whose input no key path finds, such as one that a batch has under a name.
    ///
    /// ```swift
    /// Tower<Named>("answer", text) { batch in batch.texts["answer"] }
    /// ```
    /// - Parameters:
    ///   - name: not empty, without dots.
    ///   - input: the encoder's input in a batch, with the samples that have it; nil where none has.
    public convenience init<E: FeatureEncoder>(
        _ name: String, _ encoder: E, head: TowerHead = .linear, input: @escaping @Sendable (B) -> Available<E.Input>?
    ) {
        self.init(name, encoder, head, mayLackInput: true) { batch in
            input(batch).map { ($0.input, rows: $0.rows, count: $0.count) }
        }
    }

    private init<E: FeatureEncoder>(
        _ name: String, _ encoder: E, _ headKind: TowerHead, mayLackInput: Bool, find: @escaping @Sendable (B) -> Input?
    ) {
        ShapeCheck.require(
            !name.isEmpty && !name.contains("."), "Tower", "\"\(name)\" cannot be part of a checkpoint's key")
        self.name = name
        self.encoder = encoder
        (projection, head, self.headKind) = (nil, nil, headKind)
        featureDimension = encoder.outputDimension
        self.mayLackInput = mayLackInput
        isSliceable = E.Input.self is any RowSliceable.Type
        inputType = "\(E.Input.self)"
        self.find = find
        encode = { ($0 as? E.Input).map { encoder($0) } }
    }

    /// A tower with its head.
    private init(_ tower: Tower, projection: Linear?, head: ProjectionHead?) {
        (name, encoder, self.projection, self.head) = (tower.name, tower.encoder, projection, head)
        (headKind, featureDimension, mayLackInput) = (tower.headKind, tower.featureDimension, tower.mayLackInput)
        (isSliceable, inputType, find, encode) = (tower.isSliceable, tower.inputType, tower.find, tower.encode)
    }

    /// This tower with a head to `dimension` numbers: that of the first of `others` with the same encoder and kind of
    /// head, else one of its own.
    func projected(to dimension: Int, sharingWith others: [Tower]) -> Tower {
        if let twin = others.first(where: { $0.encoder === encoder && $0.headKind == headKind }) {
            return Tower(self, projection: twin.projection, head: twin.head)
        }
        switch headKind {
        case .linear: return Tower(self, projection: Linear(featureDimension, dimension, bias: false), head: nil)
        case .mlp(let hidden, let layers, let norm):
            let head = ProjectionHead(featureDimension, hidden: hidden, dimension, layers: layers, norm: norm)
            return Tower(self, projection: nil, head: head)
        case .none:
            ShapeCheck.require(
                featureDimension == dimension, "Contrastive",
                "tower \"\(name)\" has no head and \(featureDimension) features, the shared space \(dimension)")
            return self
        }
    }

    /// Its input in a batch; nil where no sample has one.
    func input(in batch: B) -> Input? { find(batch) }

    /// `[N, C]` of an input on its own.
    /// - Precondition: it is the encoder's input type.
    func features(_ input: any Sendable) -> Tensor {
        guard let features = encode(input) else {
            ShapeCheck.fail("Contrastive", "tower \"\(name)\" wants \(inputType), found \(type(of: input))")
        }
        return features
    }

    /// `[N, D]` of an input on its own.
    func callAsFunction(_ input: any Sendable) -> Tensor {
        let features = features(input)
        return projection.map { $0(features) } ?? head.map { $0(features) } ?? features
    }

    /// The embeddings of the samples of a batch that have an input; nil where none has.
    func embeddings(of batch: B) -> TowerEmbeddings? {
        input(in: batch).map { TowerEmbeddings(self($0.value), rows: $0.rows, count: $0.count) }
    }
}

/// What maps the output of a tower's encoder to the shared space.
public enum TowerHead: Sendable, Equatable {
    /// A linear layer without bias: CLIP's.
    case linear
    /// ``ProjectionHead``: `layers` linear layers of `hidden` numbers with ReLU between them.
    case mlp(hidden: Int, layers: Int = 2, norm: ProjectionHead.Norm = .none)
    /// The encoder's own output is the embedding; its size is that of the shared space.
    case none
}
