public import ConcordLayers
public import ConcordTensors

/// An image encoder over each frame of a video, a context network over the frames, and one embedding a clip.
///
/// ```swift
/// let encoder = VideoEncoder(frame: ResNet(depth: 18), context: GRU(512, hidden: 256))
/// let embedding = encoder(Video(frames))                                // [N, T, H, W, 3] -> [N, 256]
/// let (features, _) = encoder.features(Video(frames))                   // [N, T, 512]
/// ```
///
/// All frames of a batch go through the image encoder as one batch: batch normalization sees N * T images.
/// In checkpoints: `frame.…` and `context.…`.
/// - Source: Donahue et al. 2015, "Long-term recurrent convolutional networks", arXiv:1411.4389.
public final class VideoEncoder: SequenceEncoder {
    /// How a clip's frames become one embedding.
    public enum Pooling: String, Sendable, CaseIterable {
        /// The mean of all frames.
        case mean
        /// The last frame, whose context is the whole clip under a causal context network.
        case last
    }

    /// The encoder of a frame.
    public let frame: any FeatureEncoder<Tensor>
    /// `context` in checkpoints; nil for frames by themselves.
    public let contextLayer: (any SequenceLayer)?
    /// How a clip's frames become one embedding.
    public let pooling: Pooling

    public var featureDimension: Int { frame.outputDimension }
    public var outputDimension: Int { contextLayer?.outputDimension ?? frame.outputDimension }
    public var checkpointNames: [String: String] { ["contextLayer": "context"] }

    /// - Parameters:
    ///   - frame: `[N, H, W, 3]` to `[N, C]`.
    ///   - context: over the frames; none where nil.
    public init(
        frame: any FeatureEncoder<Tensor>, context: (any SequenceLayer)? = nil, pooling: Pooling = .mean
    ) {
        (self.frame, contextLayer, self.pooling) = (frame, context, pooling)
    }

    /// - Returns: `[N, D]`.
    public func callAsFunction(_ video: Video) -> Tensor {
        let frames = context(features(video).features, mask: nil)
        switch pooling {
        case .mean: return frames.mean(axis: 1)
        case .last: return frames.sliced(video.length - 1..<video.length, axis: 1).reshaped([video.count, -1])
        }
    }

    /// Each frame by itself, `[N, T, C]`; all are real.
    public func features(_ video: Video) -> (features: Tensor, mask: Tensor?) {
        (frame(video.images).reshaped([video.count, video.length, featureDimension]), nil)
    }

    /// Frames in their context, `[N, T, D]`; the frames themselves in an encoder without one.
    public func context(_ features: Tensor, mask: Tensor?) -> Tensor {
        contextLayer.map { $0(features, mask: mask) } ?? features
    }
}
