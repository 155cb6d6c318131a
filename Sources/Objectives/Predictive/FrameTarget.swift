public import ConcordLayers
public import ConcordTensors

/// The targets of `FramePrediction`: fixed frames of an input, not learned ones.
///
/// ```swift
/// FrameTarget.logMel(.speech(rate: 8000))                               // [N, T, 80]
/// ```
public struct FrameTarget<Input: Sendable>: Sendable {
    /// Size F of a frame.
    public let dimension: Int
    let frames: @Sendable (Input) -> Tensor
    /// What the encoder sees where frames so many steps ahead are predicted; all where nil.
    let seen: (@Sendable (Input, _ ahead: Int) -> Input)?

    /// - Parameters:
    ///   - dimension: size F of a frame.
    ///   - frames: `[N, T, F]`, T that of the encoder's features (one more or fewer at the end is ignored). Nothing in
    ///     it is trained.
    public init(dimension: Int, _ frames: @escaping @Sendable (Input) -> Tensor) {
        self.init(dimension: dimension, seen: nil, frames)
    }

    private init(
        dimension: Int, seen: (@Sendable (Input, Int) -> Input)?, _ frames: @escaping @Sendable (Input) -> Tensor
    ) {
        (self.dimension, self.seen, self.frames) = (dimension, seen, frames)
    }
}

extension FrameTarget where Input == Video {
    /// The frames themselves. The encoder does not see those that are only predicted: its batch statistics are of
    /// frames that it has in evaluation too.
    /// - Parameter size: numbers of a frame, H * W * C.
    public static func frames(size: Int) -> FrameTarget {
        FrameTarget(dimension: size, seen: { video, ahead in video.frames(0..<max(1, video.length - ahead)) }) {
            ShapeCheck.require(
                $0.frameSize == size, "FrameTarget.frames", "video \($0.frames.shape) of frames of \(size) numbers")
            return $0.frames.reshaped([$0.count, $0.length, size])
        }
    }
}

extension FrameTarget where Input == Tensor {
    /// The patches of images `[N, H, W, C]`, row by row.
    /// - Parameters:
    ///   - side: P of a patch in pixels, that of the encoder.
    ///   - channels: C of the images.
    ///   - isNormalized: whether each patch has mean 0 and variance 1, as ``MaskedAutoencoder``'s targets.
    public static func patches(_ side: Int, channels: Int = 3, isNormalized: Bool = true) -> FrameTarget {
        FrameTarget(dimension: side * side * channels) { images in
            let patches = images.patches(side)
            return isNormalized ? patches.standardizedPatches : patches
        }
    }
}

extension FrameTarget where Input == Waveform {
    /// Log-mel frames.
    /// - Parameter stride: consecutive log-mel frames that are concatenated to one target, for an encoder whose frames
    ///   are as many hops apart; at least 1.
    public static func logMel(_ configuration: LogMel.Configuration, stride: Int = 1) -> FrameTarget {
        let front = LogMel(configuration), size = front.outputDimension * stride
        return FrameTarget(dimension: size) { waveform in
            let frames = front(waveform), steps = frames.shape[1] / stride
            return frames.sliced(0..<steps * stride, axis: 1).reshaped([waveform.count, steps, size])
        }
    }

    /// The audio samples, cut into frames.
    /// - Parameter hop: samples a frame: the encoder's total stride.
    public static func samples(hop: Int) -> FrameTarget {
        FrameTarget(dimension: hop) { waveform in
            let steps = waveform.length / hop
            return waveform.samples.sliced(0..<steps * hop, axis: 1).reshaped([waveform.count, steps, hop])
        }
    }
}
