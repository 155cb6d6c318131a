import ConcordTensors

/// Each channel's mean and standard deviation over a training set, of values from 0 to 1: an encoder sees `(value / 255
/// - mean) / deviation`.
public struct Normalization: Hashable, Sendable {
    /// Three values, red, green, blue.
    public let mean, deviation: [Float]

    /// - Parameters:
    ///   - mean: three values, red, green, blue.
    ///   - deviation: the same, none zero.
    public init(mean: [Float], deviation: [Float]) {
        ShapeCheck.require(
            mean.count == 3 && deviation.count == 3 && !deviation.contains(0), "Normalization",
            "mean \(mean), deviation \(deviation): three each, no zero")
        (self.mean, self.deviation) = (mean, deviation)
    }

    /// CLIP's training set.
    public static let clip = Normalization(
        mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
    public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
    public static let cifar10 = Normalization(mean: [0.4914, 0.4822, 0.4465], deviation: [0.2470, 0.2435, 0.2616])
    /// Values from 0 to 1 as they are.
    public static let none = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])

    /// Factors of byte values, and what is added then.
    var scale: [Float] { deviation.map { 1 / (255 * $0) } }
    var offset: [Float] { zip(mean, deviation).map { -$0 / $1 } }
}
