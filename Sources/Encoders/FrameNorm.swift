import ConcordLayers
import ConcordTensors

/// The normalization and activation behind a convolution of clips, over real frames only; padding comes out as zeros.
///
/// Its parameters are stored under its own name, whichever kind it is.
final class FrameNorm: Module {
    let batch: BatchNorm?
    let group: GroupNorm?
    let layer: LayerNorm?
    let activation: Activation

    var checkpointNames: [String: String] { ["batch": "", "group": "", "layer": ""] }

    init(_ norm: WaveformEncoder.Configuration.Norm, channels: Int, activation: Activation) {
        var (batch, group, layer): (BatchNorm?, GroupNorm?, LayerNorm?)
        switch norm {
        case .batch: batch = BatchNorm(channels)
        case .group(let groups): group = GroupNorm(groups, channels)
        case .layer: layer = LayerNorm(channels)
        case .first, .none: break
        }
        (self.batch, self.group, self.layer, self.activation) = (batch, group, layer, activation)
    }

    /// - Parameters:
    ///   - x: `[N, T, in]`.
    ///   - conv: the convolution in front.
    ///   - real: which of its frames are real; nil where every one is.
    /// - Returns: `[N, T', C]`.
    func callAsFunction(_ x: Tensor, behind conv: Conv1d, real: RealFrames?) -> Tensor {
        // Running statistics do not depend on the mask, so the normalization is folded into the convolution.
        if let batch, real == nil || !Context.current.isTraining {
            let y = activation == .relu ? conv(x, norm: batch, activation: .relu) : activation(conv(x, norm: batch))
            return real?.clearing(y) ?? y
        }
        let y = conv(x)
        guard let real else { return normalized(y) }
        return group == nil ? real.packing(y, normalized) : real.perSequence(y, normalized)
    }

    private func normalized(_ x: Tensor) -> Tensor {
        if let batch { return activation == .relu ? batch(x, activation: .relu) : activation(batch(x)) }
        if let group { return activation(group(x)) }
        if let layer { return activation(layer(x)) }
        return activation(x)
    }
}
