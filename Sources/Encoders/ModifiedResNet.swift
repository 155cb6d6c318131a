public import ConcordLayers
public import ConcordTensors

/// CLIP's residual network: a stem of three convolutions, strides taken by average pooling, attention in place of the
/// last mean; open_clip's parameter names (those of its `visual` part).
///
/// ```swift
/// let encoder = ModifiedResNet()                                        // RN50
/// let embedding = encoder(images)                                       // [N, 224, 224, 3] -> [N, 1024]
/// ```
/// - Source: Radford et al. 2021, arXiv:2103.00020, section 2.4; anti-aliased strides after Zhang 2019,
///   arXiv:1904.11486.
public final class ModifiedResNet: FeatureEncoder {
    /// The stem's three convolutions, each with its normalization.
    public let conv1: Conv2d, bn1: BatchNorm
    /// The second.
    public let conv2: Conv2d, bn2: BatchNorm
    /// The third.
    public let conv3: Conv2d, bn3: BatchNorm
    let layer1: [PooledBottleneck], layer2: [PooledBottleneck], layer3: [PooledBottleneck], layer4: [PooledBottleneck]
    let pooling: AttentionPooling
    /// Side of the images, in pixels: the attention's positions are as many as it makes places.
    public let size: Int
    public let outputDimension: Int
    /// Whether blocks forget what they computed, and compute it again in the backward pass.
    public let checkpointing: Bool

    public var checkpointNames: [String: String] { ["pooling": "attnpool"] }

    /// - Parameters:
    ///   - blocks: residual blocks in each of the four stages; RN50's by default.
    ///   - width: channels of the first stage's 3x3 convolutions.
    ///   - size: side of the images, a multiple of 32.
    ///   - heads: of the attention that pools; one for every 64 channels of the last stage where nil.
    ///   - outputDimension: size D of the embedding.
    ///   - checkpointing: keeps each block's input alone for the backward pass, which computes the rest again: less
    ///     memory, a third more time.
    public init(
        blocks: [Int] = [3, 4, 6, 3], width: Int = 64, size: Int = 224, heads: Int? = nil, outputDimension: Int = 1024,
        checkpointing: Bool = false
    ) {
        ShapeCheck.require(
            blocks.count == 4 && blocks.allSatisfy { $0 > 0 } && width % 2 == 0 && size > 0 && size % 32 == 0,
            "ModifiedResNet",
            "\(blocks) blocks, width \(width), size \(size): four stages, an even width and a multiple of 32 wanted")
        func stage(_ index: Int) -> [PooledBottleneck] {
            let own = width << index, inputs = index == 0 ? width : own / 2 * PooledBottleneck.expansion
            return (0..<blocks[index]).map { block in
                PooledBottleneck(
                    block == 0 ? inputs : own * PooledBottleneck.expansion, width: own,
                    stride: block == 0 && index > 0 ? 2 : 1)
            }
        }
        conv1 = Conv2d(3, width / 2, kernel: 3, stride: 2, padding: 1, bias: false)
        conv2 = Conv2d(width / 2, width / 2, kernel: 3, padding: 1, bias: false)
        conv3 = Conv2d(width / 2, width, kernel: 3, padding: 1, bias: false)
        (bn1, bn2, bn3) = (BatchNorm(width / 2), BatchNorm(width / 2), BatchNorm(width))
        (layer1, layer2, layer3, layer4) = (stage(0), stage(1), stage(2), stage(3))
        let channels = width * 8 * PooledBottleneck.expansion
        pooling = AttentionPooling(
            places: (size / 32) * (size / 32), channels: channels, heads: heads ?? channels / 64,
            outputs: outputDimension)
        (self.size, self.outputDimension, self.checkpointing) = (size, outputDimension, checkpointing)
    }

    /// - Parameter images: `[N, size, size, 3]`, normalized.
    /// - Returns: `[N, D]`.
    public func callAsFunction(_ images: Tensor) -> Tensor { pooling(features(images)) }

    /// The last stage's feature map, `[N, size / 32, size / 32, C]`.
    public func features(_ images: Tensor) -> Tensor {
        guard images.rank == 4, images.shape[1] == size, images.shape[2] == size else {
            ShapeCheck.fail("ModifiedResNet", "images \(images.shape) for an encoder of [N, \(size), \(size), 3]")
        }
        var x = conv1(images, norm: bn1, activation: .relu)
        x = conv2(x, norm: bn2, activation: .relu)
        x = conv3(x, norm: bn3, activation: .relu).averagePooled2d(kernel: 2)
        for stage in [layer1, layer2, layer3, layer4] {
            for block in stage { x = checkpointed(x, when: checkpointing) { block($0) } }
        }
        return x
    }
}

/// A 3x3 convolution between two 1x1; a stride is an average pooling after the 3x3, and in front of the shortcut.
final class PooledBottleneck: Module {
    /// Channels out for one of the block's own.
    static let expansion = 4

    let conv1: Conv2d, bn1: BatchNorm
    let conv2: Conv2d, bn2: BatchNorm
    let conv3: Conv2d, bn3: BatchNorm
    let downsample: Shortcut?
    private let stride: Int

    init(_ inputs: Int, width: Int, stride: Int) {
        let outputs = width * Self.expansion
        conv1 = Conv2d(inputs, width, kernel: 1, bias: false)
        conv2 = Conv2d(width, width, kernel: 3, padding: 1, bias: false)
        conv3 = Conv2d(width, outputs, kernel: 1, bias: false)
        (bn1, bn2, bn3) = (BatchNorm(width), BatchNorm(width), BatchNorm(outputs))
        downsample = stride > 1 || inputs != outputs ? Shortcut(Conv2d(inputs, outputs, kernel: 1, bias: false)) : nil
        self.stride = stride
    }

    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H / stride, W / stride, out]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let carried = downsample.map { $0(pooled(x)) } ?? x
        var y = conv1(x, norm: bn1, activation: .relu)
        y = pooled(conv2(y, norm: bn2, activation: .relu))
        return conv3(y, norm: bn3, activation: .relu, residual: carried)
    }

    private func pooled(_ x: Tensor) -> Tensor { stride > 1 ? x.averagePooled2d(kernel: stride) : x }
}

/// One embedding of a feature map: its mean, with attention to itself and to every place.
///
/// - Source: Radford et al. 2021, arXiv:2103.00020, section 2.4.
final class AttentionPooling: Module {
    /// `[1 + H W, C]`, the mean's first.
    let positionalEmbedding: Parameter
    let qProj: Linear, kProj: Linear, vProj: Linear
    /// To the embedding's size.
    let cProj: Linear
    private let heads: Int

    init(places: Int, channels: Int, heads: Int, outputs: Int) {
        ShapeCheck.require(
            channels % heads == 0, "AttentionPooling", "\(heads) heads do not divide \(channels) channels")
        positionalEmbedding = Parameter([1 + places, channels], .normal(std: 1 / Float(channels).squareRoot()))
        let projection = Initializer.normal(std: 1 / Float(channels).squareRoot())
        qProj = Linear(channels, channels, weights: projection)
        kProj = Linear(channels, channels, weights: projection)
        vProj = Linear(channels, channels, weights: projection)
        cProj = Linear(channels, outputs, weights: projection)
        self.heads = heads
    }

    /// - Parameter map: `[N, H, W, C]`.
    /// - Returns: `[N, D]`.
    func callAsFunction(_ map: Tensor) -> Tensor {
        let (count, channels) = (map.shape[0], map.shape[3])
        let places = map.reshaped([count, -1, channels])  // [N, HW, C]
        let tokens =
            Tensor.concatenated([places.mean(axes: [1], keepingAxes: true), places], axis: 1)
            + positionalEmbedding.value
        let query = qProj(tokens.sliced(0..<1, axis: 1))  // [N, 1, C]
        let seen = Tensor.attention(query: query, key: kProj(tokens), value: vProj(tokens), heads: heads)
        return cProj(seen).reshaped([count, -1])
    }
}
