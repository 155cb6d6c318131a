public import ConcordLayers
public import ConcordTensors

/// A plain convolutional network: 3x3 convolutions of stride 2, each with a normalization and ReLU, and a linear map of
/// the last feature map, which keeps where things are; or that feature map itself.
///
/// ```swift
/// let encoder = ConvolutionalEncoder(imageSize: 64, channels: [16, 32, 64, 128], dimension: 256)
/// let embedding = encoder(images)                                       // [N, 64, 64, 3] -> [N, 256]
/// ```
///
/// In checkpoints: `convs.0.weight`, `norms.0.…`, `project.weight`, …. The columns of `project.weight` are in the
/// feature map's order here, (row, column, channel); PyTorch's `flatten` has (channel, row, column).
public final class ConvolutionalEncoder: FeatureEncoder {
    /// The convolutions, without biases.
    public let convs: [Conv2d]
    /// The normalization behind each.
    public let norms: [ChannelNorm]
    /// From the last feature map to the embedding; nil where the map is the embedding.
    public let project: Linear?
    /// Side of the images that it takes, in pixels.
    public let imageSize: Int
    public let outputDimension: Int
    /// Side and channels of the last feature map.
    public let mapSize, mapChannels: Int

    /// - Parameters:
    ///   - imageSize: side of the images in pixels, at least 1.
    ///   - channels: of each convolution; the side halves, rounded up, at each.
    ///   - dimension: size D of the embedding; nil for the feature map, in the order row, column, channel.
    ///   - normalization: what follows each convolution.
    public init(
        imageSize: Int, channels: [Int] = [16, 32, 64, 128], dimension: Int? = 256, inputs: Int = 3,
        normalization: ResNet.Normalization = .batch
    ) {
        ShapeCheck.require(
            imageSize > 0 && !channels.isEmpty && channels.allSatisfy { $0 > 0 } && dimension ?? 1 > 0,
            "ConvolutionalEncoder", "images of \(imageSize), channels \(channels), dimension \(dimension ?? 0)")
        convs = zip([inputs] + channels, channels).map {
            Conv2d($0, $1, kernel: 3, stride: 2, padding: 1, bias: false)
        }
        norms = channels.map { ChannelNorm(normalization, channels: $0) }
        mapSize = channels.reduce(imageSize) { side, _ in (side + 1) / 2 }
        mapChannels = channels[channels.count - 1]
        let map = mapSize * mapSize * mapChannels
        project = dimension.map { Linear(map, $0) }
        (self.imageSize, outputDimension) = (imageSize, dimension ?? map)
    }

    /// - Parameter images: `[N, S, S, 3]`, S the size that it was made for.
    /// - Returns: `[N, D]`.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        ShapeCheck.rank(images, 4, "[N, H, W, C]", in: "ConvolutionalEncoder")
        ShapeCheck.require(
            images.shape[1] == imageSize && images.shape[2] == imageSize, "ConvolutionalEncoder",
            "images \(images.shape) for an encoder of \(imageSize)x\(imageSize)")
        let map = zip(convs, norms).reduce(images) { x, layer in layer.1(x, behind: layer.0, activation: .relu) }
        let flat = map.reshaped([images.shape[0], -1])
        return project?(flat) ?? flat
    }
}

extension ConvolutionalEncoder: InspectableEncoder {
    /// The feature map of each convolution.
    public func layerOutputs(_ images: Tensor) -> [LayerOutput] {
        var x = images
        return zip(convs, norms).map { conv, norm in
            x = norm(x, behind: conv, activation: .relu)
            return LayerOutput(map: x)
        }
    }
}
