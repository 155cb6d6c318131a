public import ConcordLayers
public import ConcordTensors

/// Convolutions along time: clips of sound to frames, to frames in their context, to one embedding a clip.
///
/// ```swift
/// let encoder = WaveformEncoder(.cpc)
/// let embedding = encoder(Waveform(clips, rate: 8000))                  // [N, 256]
/// let (frames, mask) = encoder.features(Waveform(clips, rate: 8000))    // [N, S / 160, 256], which of them are real
/// let tower = WaveformEncoder(.logMel(.speech(rate: 8000)))             // over log-mel frames
/// ```
///
/// A clip's frames depend on its own samples alone: padding is zero in front of every convolution, as beyond a clip's
/// end, and outside of all statistics, so in evaluation mode the length that a batch is padded to changes nothing.
/// Where no clip is padded nothing of this costs anything. A clip shorter than the receptive field is taken with zeros
/// behind it, as one frame.
public final class WaveformEncoder: SequenceEncoder {
    /// The log-mel front end, where there is one; nothing in it is trained.
    public let front: LogMel?
    /// `convs.0`, `convs.1`, … in checkpoints.
    public let convs: [Conv1d]
    let norms: [FrameNorm]
    /// `context` in checkpoints.
    public let contextLayer: (any SequenceLayer)?
    /// What the encoder was made of.
    public let configuration: Configuration
    public let featureDimension: Int
    public let outputDimension: Int

    public var checkpointNames: [String: String] { ["contextLayer": "context"] }

    /// - Parameter configuration: convolutions over the log-mel frames of clips at 16 kHz where left out.
    public init(_ configuration: Configuration = .logMel()) {
        let layers = configuration.convolutions
        if case .logMel(let front) = configuration.front { self.front = LogMel(front) } else { front = nil }
        ShapeCheck.require(
            !(layers.isEmpty && front == nil)
                && layers.allSatisfy { $0.channels > 0 && $0.kernel > 0 && $0.stride > 0 && $0.padding >= 0 },
            "WaveformEncoder", "convolutions \(layers)")
        let inputs = [front?.outputDimension ?? 1] + layers.map(\.channels)
        convs = zip(layers, inputs).map { layer, inputs in
            Conv1d(
                inputs, layer.channels, kernel: layer.kernel, stride: layer.stride, padding: layer.padding,
                bias: configuration.hasBiases)
        }
        norms = layers.enumerated().map { place, layer in
            var norm = configuration.norm
            if norm == .first { norm = place == 0 ? .group(layer.channels) : .none }
            return FrameNorm(norm, channels: layer.channels, activation: configuration.activation)
        }
        let width = inputs[inputs.count - 1]
        contextLayer = configuration.context.layer(width)
        (self.configuration, featureDimension, outputDimension) = (
            configuration, width, contextLayer?.outputDimension ?? width
        )
    }

    /// - Returns: `[N, D]`, pooled over each clip's real frames.
    public func callAsFunction(_ waveform: Waveform) -> Tensor {
        let (frames, mask) = features(waveform)
        return pooled(context(frames, mask: mask), mask: mask)
    }

    /// The frames of each clip, `[N, T, C]`, and which are real `[N, T]`, nil where all are.
    public func features(_ waveform: Waveform) -> (features: Tensor, mask: Tensor?) {
        var last: LayerOutput?
        forEachConvolution(of: waveform) { last = $0 }
        guard let last else { ShapeCheck.fail("WaveformEncoder", "neither a front nor a convolution") }
        return (last.steps, last.mask)
    }

    /// Calls `body` with the front's frames, where there is a front, and with the output of each convolution.
    private func forEachConvolution(of waveform: Waveform, _ body: (LayerOutput) -> Void) {
        let waveform = waveform.padded(to: configuration.minimumSamples)
        var lengths = waveform.lengths.map(configuration.frontFrames)
        var x = front.map { $0(waveform) } ?? waveform.samples.expandingAxis(at: 2)  // [N, T, C]
        if front != nil, let augmentation = configuration.augmentation { x = augmentation(x, lengths: lengths) }
        var real = RealFrames(lengths, of: x.shape[1])
        if front != nil { body(LayerOutput(x, mask: real?.mask)) }
        for ((conv, norm), layer) in zip(zip(convs, norms), configuration.convolutions) {
            lengths = lengths.map(layer.frames)
            real = RealFrames(lengths, of: layer.frames(of: x.shape[1]))
            x = norm(x, behind: conv, real: real)
            body(LayerOutput(x, mask: real?.mask))
        }
    }

    /// Frames in their context, `[N, T, D]`; the frames themselves in an encoder without one.
    public func context(_ features: Tensor, mask: Tensor?) -> Tensor {
        contextLayer.map { $0(features, mask: mask) } ?? features
    }

    /// - Parameter frames: `[N, T, D]`.
    private func pooled(_ frames: Tensor, mask: Tensor?) -> Tensor {
        switch configuration.pooling {
        case .mean: return frames.meanOfSteps(mask: mask)
        case .max:
            guard let mask else { return frames.max(axis: 1) }
            return mask.expandingAxis(at: 2).selecting(frames, otherwise: -.infinity).max(axis: 1)
        }
    }
}

extension Waveform {
    /// Every clip at least so long, with zeros behind the shorter ones.
    fileprivate func padded(to length: Int) -> Waveform {
        guard lengths.contains(where: { $0 < length }) else { return self }
        return Waveform(
            samples: samples.padded([(0, 0), (0, max(0, length - self.length))]),
            lengths: lengths.map { max($0, length) }, rate: rate)
    }
}

extension WaveformEncoder.Configuration.Context {
    /// - Parameter width: channels of a frame.
    fileprivate func layer(_ width: Int) -> (any SequenceLayer)? {
        switch self {
        case .none: nil
        case .gru(let hidden, let layers): GRU(width, hidden: hidden, layers: layers)
        case .lstm(let hidden, let layers): LSTM(width, hidden: hidden, layers: layers)
        case .transformer(let depth, let heads, let causal, let dropout, let own, let positions, let placement):
            TransformerContext(
                width, width: own, depth: depth, heads: heads, causal: causal, dropout: dropout, positions: positions,
                placement: placement)
        }
    }
}

extension WaveformEncoder: InspectableEncoder {
    /// The front's frames, where there is a front; each convolution; then the network over the frames, where there is
    /// one.
    public func layerOutputs(_ waveform: Waveform) -> [LayerOutput] {
        var outputs: [LayerOutput] = []
        forEachConvolution(of: waveform) { outputs.append($0) }
        if let contextLayer, let last = outputs.last {
            outputs.append(LayerOutput(contextLayer(last.steps, mask: last.mask), mask: last.mask))
        }
        return outputs
    }
}
