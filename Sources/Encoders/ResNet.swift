public import ConcordLayers
public import ConcordTensors

/// A residual convolutional network: images to embeddings, with torchvision's parameter names.
///
/// ```swift
/// let encoder = ResNet(depth: 18)
/// let embedding = encoder(images)                                       // [N, 224, 224, 3] -> [N, 512]
/// ```
/// - Source: He, Zhang, Ren, Sun 2016, arXiv:1512.03385. Depth 50 has the stride in the 3x3 convolution, as
///   torchvision's.
public final class ResNet: FeatureMapEncoder, LayeredModule {
    /// The first layers.
    public enum Stem: String, Sendable, CaseIterable {
        /// A 7x7 convolution with stride 2 and a max-pool.
        case imageNet = "imagenet"
        /// A 3x3 convolution alone, for images of about 32x32.
        case cifar
    }

    /// What follows each convolution.
    public enum Normalization: String, Sendable, CaseIterable {
        /// Statistics of the batch (in training) or running ones (in evaluation).
        case batch
        /// Running statistics in training too: they stay as they were loaded, scale and shift are trained.
        case frozenBatch = "frozen_batch"
        /// Statistics of each sample's groups of channels: independent of the batch, so microbatches are exact.
        case group
    }

    /// Initial values of the convolutions.
    public enum Initialization: String, Sendable, CaseIterable {
        /// PyTorch's default for a convolution, uniform by fan-in.
        case fanIn = "fan_in"
        /// torchvision's for a ResNet: normal by fan-out.
        case fanOut = "fan_out"

        func convolution(_ outputs: Int, kernel: Int) -> Initializer? {
            self == .fanIn ? nil : .he(fanOut: outputs * kernel * kernel)
        }
    }

    /// The stem's convolution.
    public let conv1: Conv2d
    /// The normalization behind it.
    public let bn1: ChannelNorm
    let layer1: [ResidualBlock], layer2: [ResidualBlock], layer3: [ResidualBlock], layer4: [ResidualBlock]
    /// The classifier; nil without `classes`.
    public let fc: Linear?
    /// The first layers' form.
    public let stem: Stem
    /// 512 at depth 18 and 34, 2048 at depth 50.
    public let outputDimension: Int
    public var stride: Int { stem == .imageNet ? 32 : 8 }
    public var mapDimension: Int { outputDimension }
    /// Whether blocks forget what they computed, and compute it again in the backward pass.
    public let checkpointing: Bool

    /// A classifier in a file is passed over by an encoder that has none.
    public var unusedCheckpointNames: [String] { fc == nil ? ["fc.weight", "fc.bias"] : [] }

    /// - Parameters:
    ///   - depth: 18, 34 or 50.
    ///   - width: channels of the first stage; 64 is the paper's.
    ///   - channels: of the images.
    ///   - classes: adds the classifier `fc`, for `logits(_:)`.
    ///   - normalization: what follows each convolution; the paper's is `.batch`.
    ///   - checkpointing: keeps each block's input alone for the backward pass, which computes the rest again: less
    ///     memory, a third more time.
    public init(
        depth: Int, stem: Stem = .imageNet, width: Int = 64, channels: Int = 3, classes: Int? = nil,
        normalization: Normalization = .batch, initialization: Initialization = .fanIn, checkpointing: Bool = false
    ) {
        guard let blocks = Self.blocks[depth] else { ShapeCheck.fail("ResNet", "depth \(depth); 18, 34 or 50 wanted") }
        let isBottleneck = depth >= 50, expansion = ResidualBlock.expansion(isBottleneck: isBottleneck)
        func stage(_ index: Int) -> [ResidualBlock] {
            let own = width << index
            let inputs = index == 0 ? width : own / 2 * expansion
            return (0..<blocks[index]).map { block in
                ResidualBlock(
                    block == 0 ? inputs : own * expansion, width: own, stride: block == 0 && index > 0 ? 2 : 1,
                    isBottleneck: isBottleneck,
                    normalization: normalization, initialization: initialization)
            }
        }
        let kernel = stem == .imageNet ? 7 : 3
        conv1 = Conv2d(
            channels, width, kernel: kernel, stride: stem == .imageNet ? 2 : 1, padding: kernel / 2, bias: false,
            weights: initialization.convolution(width, kernel: kernel))
        bn1 = ChannelNorm(normalization, channels: width)
        (layer1, layer2, layer3, layer4) = (stage(0), stage(1), stage(2), stage(3))
        outputDimension = width * 8 * expansion
        fc = classes.map { [outputDimension] in Linear(outputDimension, $0) }
        (self.stem, self.checkpointing) = (stem, checkpointing)
    }

    /// Residual blocks in each stage.
    private static let blocks = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]]

    /// - Parameter images: `[N, H, W, C]`, normalized.
    /// - Returns: `[N, D]`, the mean over the last stage's places.
    public func callAsFunction(_ images: Tensor) -> Tensor { features(images).globalAveragePooled() }

    /// The last stage's feature map.
    /// - Returns: `[N, H / 32, W / 32, D]` with the ImageNet stem, `[N, H / 8, W / 8, D]` with the other, rounded up.
    public func features(_ images: Tensor) -> Tensor {
        var x = stemOutput(images)
        for stage in [layer1, layer2, layer3, layer4] {
            for block in stage { x = checkpointed(x, when: checkpointing) { block($0) } }
        }
        return x
    }

    private func stemOutput(_ images: Tensor) -> Tensor {
        ShapeCheck.rank(images, 4, "[N, H, W, C]", in: "ResNet")
        let x = bn1(images, behind: conv1, activation: .relu)
        return stem == .imageNet ? x.maxPooled2d(kernel: 3, stride: 2, padding: 1) : x
    }

    /// The stem; then each residual block.
    public var layers: [[any Module]] {
        [[conv1, bn1]] + [layer1, layer2, layer3, layer4].joined().map { [$0] }
    }

    /// The classifier's scores.
    /// - Returns: `[N, classes]`.
    /// - Precondition: made with `classes`.
    public func logits(_ images: Tensor) -> Tensor {
        guard let fc else {
            ShapeCheck.fail("ResNet", "logits wanted of an encoder without a classifier; make it with `classes:`")
        }
        return fc(self(images))
    }
}

extension ResNet: InspectableEncoder {
    /// The feature maps of the stem and of each of the four stages.
    public func layerOutputs(_ images: Tensor) -> [LayerOutput] {
        var x = stemOutput(images), maps = [x]
        for stage in [layer1, layer2, layer3, layer4] {
            x = stage.reduce(x) { $1($0) }
            maps.append(x)
        }
        return maps.map { LayerOutput(map: $0) }
    }
}
