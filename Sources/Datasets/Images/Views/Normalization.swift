import ConcordTensors

/// Each channel's mean and standard deviation over a training set, of values from 0 to 1: an encoder sees `(value / 255
/// - mean) / std`.
public struct Normalization: Hashable, Sendable {
    /// Three values, red, green, blue.
    public let mean, std: [Float]

    /// - Parameters:
    ///   - mean: three values, red, green, blue.
    ///   - std: standard deviations, as many, none zero.
    public init(mean: [Float], std: [Float]) {
        ShapeCheck.require(
            mean.count == 3 && std.count == 3 && !std.contains(0), "Normalization",
            "mean \(mean), std \(std): three each, no zero")
        (self.mean, self.std) = (mean, std)
    }

    /// CLIP's training set.
    public static let clip = Normalization(
        mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711])
    /// ImageNet's training set, torchvision's values.
    public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    /// CIFAR-10's training set.
    public static let cifar10 = Normalization(mean: [0.4914, 0.4822, 0.4465], std: [0.2470, 0.2435, 0.2616])
    /// Values from 0 to 1 as they are.
    public static let none = Normalization(mean: [0, 0, 0], std: [1, 1, 1])

    /// By the names that recipes use.
    public static let named: [(name: String, normalization: Normalization)] = [
        ("clip", .clip), ("imagenet", .imageNet), ("cifar10", .cifar10), ("none", .none),
    ]

    /// Factors of byte values, and what is added then.
    var scale: [Float] { std.map { 1 / (255 * $0) } }
    var offset: [Float] { zip(mean, std).map { -$0 / $1 } }
}
