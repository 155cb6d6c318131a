public import ConcordLayers
public import ConcordTensors

/// What `FramePrediction` predicts: fixed frames of an input, not learned ones.
///
/// ```swift
/// FrameTarget(dimension: 80) { logMel($0) }                             // [N, T, 80]
/// ```
public struct FrameTarget<Input: Sendable>: Sendable {
    /// Size F of a frame.
    public let dimension: Int
    let frames: @Sendable (Input) -> Tensor

    /// - Parameters:
    ///   - dimension: size F of a frame.
    ///   - frames: `[N, T, F]`, T as the encoder's features have it (one more or fewer at the end is passed over). Nothing in it is trained.
    public init(dimension: Int, _ frames: @escaping @Sendable (Input) -> Tensor) { (self.dimension, self.frames) = (dimension, frames) }
}

extension FrameTarget where Input == Waveform {
    /// The samples themselves, cut into frames.
    /// - Parameter hop: samples a frame: the encoder's total stride.
    public static func samples(hop: Int) -> FrameTarget {
        FrameTarget(dimension: hop) { waveform in
            let steps = waveform.length / hop
            return waveform.samples.sliced(0..<steps * hop, axis: 1).reshaped([waveform.count, steps, hop])
        }
    }
}
