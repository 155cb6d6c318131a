import ConcordLayers
import ConcordTensors

/// The normalisation and activation behind a convolution of clips, over real frames only; padding comes out as zeros.
///
/// Its parameters stand in checkpoints under its own name, whichever kind it is.
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
        case .none: break
        }
        (self.batch, self.group, self.layer, self.activation) = (batch, group, layer, activation)
    }

    /// - Parameters:
    ///   - x: `[N, T, C]`.
    ///   - real: nil where every frame is.
    func callAsFunction(_ x: Tensor, real: RealFrames?) -> Tensor {
        guard let real else { return normalized(x) }
        return group == nil ? real.packing(x, normalized) : real.eachAlone(x, normalized)
    }

    private func normalized(_ x: Tensor) -> Tensor {
        if let batch { return activation == .relu ? batch(x, activation: .relu) : activation(batch(x)) }
        if let group { return activation(group(x)) }
        if let layer { return activation(layer(x)) }
        return activation(x)
    }
}
