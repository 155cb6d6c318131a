public import ConcordLayers
import ConcordTensors

/// The normalization behind a convolution of images: batch, frozen batch, or group normalization.
///
/// Its parameters are stored under its own name, whichever kind it is: `bn1.weight`, `bn1.bias`.
public final class ChannelNorm: Module {
    let batch: BatchNorm?
    let group: GroupNorm?

    public var checkpointNames: [String: String] { ["batch": "", "group": ""] }

    init(_ normalization: ResNet.Normalization, channels: Int) {
        switch normalization {
        case .batch: (batch, group) = (BatchNorm(channels), nil)
        case .frozenBatch: (batch, group) = (BatchNorm(channels, isFrozen: true), nil)
        case .group: (batch, group) = (nil, GroupNorm(Self.groups(of: channels), channels))
        }
    }

    /// 32 groups as in Wu, He 2018 (arXiv:1803.08494), fewer where they do not divide the channels or would have a
    /// single one.
    static func groups(of channels: Int) -> Int {
        (1...max(1, min(32, channels / 2))).last { channels.isMultiple(of: $0) } ?? 1
    }

    /// `activation(norm(conv(x)) + residual)`.
    /// - Parameter x: `[N, H, W, in]`.
    /// - Returns: `[N, H', W', C]`.
    func callAsFunction(
        _ x: Tensor, behind conv: Conv2d, activation: FusedActivation? = nil, residual: Tensor? = nil
    ) -> Tensor {
        if let batch { return conv(x, norm: batch, activation: activation, residual: residual) }
        var y = conv(x)
        if let group { y = group(y) }
        if let residual { y = y + residual }
        return activation == nil ? y : y.relu()
    }
}
