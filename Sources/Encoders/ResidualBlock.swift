import ConcordLayers
import ConcordTensors

/// Two 3x3 convolutions, or a 3x3 between two 1x1, around which the input is carried; torchvision's names and strides.
///
/// In the bottleneck the 3x3 convolution has the stride ("v1.5").
final class ResidualBlock: Module {
    let conv1: Conv2d, bn1: ChannelNorm
    let conv2: Conv2d, bn2: ChannelNorm
    /// The bottleneck's last.
    let conv3: Conv2d?, bn3: ChannelNorm?
    let downsample: Shortcut?

    /// Channels out for one of the block's own.
    static func expansion(isBottleneck: Bool) -> Int { isBottleneck ? 4 : 1 }

    /// - Parameter width: channels of the block's 3x3 convolutions.
    init(
        _ inputs: Int, width: Int, stride: Int, isBottleneck: Bool, normalization: ResNet.Normalization,
        initialization: ResNet.Initialization
    ) {
        let outputs = width * Self.expansion(isBottleneck: isBottleneck)
        func convolution(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1) -> Conv2d {
            Conv2d(
                inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, bias: false,
                weights: initialization.convolution(outputs, kernel: kernel))
        }
        if isBottleneck {
            conv1 = convolution(inputs, width, kernel: 1)
            conv2 = convolution(width, width, kernel: 3, stride: stride)
            conv3 = convolution(width, outputs, kernel: 1)
            bn3 = ChannelNorm(normalization, channels: outputs)
        } else {
            conv1 = convolution(inputs, width, kernel: 3, stride: stride)
            conv2 = convolution(width, width, kernel: 3)
            (conv3, bn3) = (nil, nil)
        }
        bn1 = ChannelNorm(normalization, channels: width)
        bn2 = ChannelNorm(normalization, channels: width)
        let isReshaped = stride != 1 || inputs != outputs
        downsample =
            isReshaped ? Shortcut(convolution(inputs, outputs, kernel: 1, stride: stride), normalization) : nil
    }

    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H / stride, W / stride, out]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let carried = downsample.map { $0(x) } ?? x
        var y = bn1(x, behind: conv1, activation: .relu)
        guard let conv3, let bn3 else { return bn2(y, behind: conv2, activation: .relu, residual: carried) }
        y = bn2(y, behind: conv2, activation: .relu)
        return bn3(y, behind: conv3, activation: .relu, residual: carried)
    }
}

/// The 1x1 convolution that brings a block's input to the shape of its output.
final class Shortcut: Module {
    let convolution: Conv2d
    let norm: ChannelNorm

    var checkpointNames: [String: String] { ["convolution": "0", "norm": "1"] }

    init(_ convolution: Conv2d, _ normalization: ResNet.Normalization = .batch) {
        self.convolution = convolution
        norm = ChannelNorm(normalization, channels: convolution.weight.shape[0])
    }

    func callAsFunction(_ x: Tensor) -> Tensor { norm(x, behind: convolution) }
}
