public import ConcordTensors

/// Masks random bands and random stretches of time of log-mel frames, in training alone.
///
/// ```swift
/// let augment = SpecAugment(frequencyMasks: 2, frequencyWidth: 27, timeMasks: 2, timeWidth: 100)
/// let masked = augment(frames, lengths: [200, 180])                     // [N, T, F]
/// ```
/// Each mask is of a width drawn from `0...width`, uniformly, at a uniform place; what it covers becomes 0, the mean of
/// frames that are standardized.
/// - Source: Park et al. 2019, arXiv:1904.08779, section 2, without time warping, which its ablation finds to matter
///   least. A time mask is no wider than `timeFraction` of its clip (the paper's p).
public struct SpecAugment: Equatable, Sendable {
    /// Masks of bands a clip, and the most bands that one covers.
    public var frequencyMasks: Int, frequencyWidth: Int
    /// Masks of time a clip, and the most frames that one covers.
    public var timeMasks: Int, timeWidth: Int
    /// The largest fraction of a clip's frames that a mask of time covers, in `0...1`.
    public var timeFraction: Float

    /// - Parameters:
    ///   - frequencyMasks, timeMasks: masks a clip, 0 or more.
    ///   - frequencyWidth: the most bands that a mask covers.
    ///   - timeWidth: the most frames that a mask covers.
    ///   - timeFraction: the largest fraction of a clip's frames that a mask covers, in `0...1`.
    public init(
        frequencyMasks: Int = 2, frequencyWidth: Int = 27, timeMasks: Int = 2, timeWidth: Int = 100,
        timeFraction: Float = 1
    ) {
        ShapeCheck.require(
            frequencyMasks >= 0 && frequencyWidth >= 0 && timeMasks >= 0 && timeWidth >= 0
                && (0...1).contains(timeFraction), "SpecAugment",
            "\(frequencyMasks) masks of \(frequencyWidth) bands, \(timeMasks) of \(timeWidth) frames and at most "
                + "\(timeFraction) of a clip: none may be negative, the fraction at most 1")
        (self.frequencyMasks, self.frequencyWidth) = (frequencyMasks, frequencyWidth)
        (self.timeMasks, self.timeWidth, self.timeFraction) = (timeMasks, timeWidth, timeFraction)
    }

    /// - Parameters:
    ///   - frames: `[N, T, F]`.
    ///   - lengths: each clip's frames, N numbers of `0...T`; masks of time are inside of them.
    /// - Returns: `[N, T, F]`; the frames themselves outside of training.
    public func callAsFunction(_ frames: Tensor, lengths: [Int]) -> Tensor {
        guard Computation.isTraining, frequencyMasks + timeMasks > 0 else { return frames }
        ShapeCheck.require(
            frames.shape.count == 3 && frames.shape[0] == lengths.count, "SpecAugment",
            "frames \(frames.shape) and \(lengths.count) lengths; [N, T, F] and N wanted")
        let (steps, bands) = (frames.shape[1], frames.shape[2])
        var mask = [Float](repeating: 1, count: frames.shape.reduce(1, *))
        for (clip, key) in Computation.sampleKeys(count: lengths.count).enumerated() {
            var random = key.derived("spec augment").sequence
            for _ in 0..<frequencyMasks {
                for band in Self.span(of: min(frequencyWidth, bands), in: bands, &random) {
                    for step in 0..<steps { mask[(clip * steps + step) * bands + band] = 0 }
                }
            }
            let limit = min(timeWidth, Int(timeFraction * Float(lengths[clip])))
            for _ in 0..<timeMasks {
                for step in Self.span(of: limit, in: lengths[clip], &random) {
                    for band in 0..<bands { mask[(clip * steps + step) * bands + band] = 0 }
                }
            }
        }
        return frames * Tensor(mask, shape: frames.shape)
    }

    /// A stretch of `0...width` places at a random place of `count`.
    private static func span(of width: Int, in count: Int, _ random: inout RandomSequence) -> Range<Int> {
        let width = min(count, random.integer(below: width + 1)), start = random.integer(below: count - width + 1)
        return start..<start + width
    }
}
