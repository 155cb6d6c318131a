/// `model`: the towers and the size of the space that they share.
///
/// ```yaml
/// model:
///   dimension: 256
///   image: {encoder: resnet, depth: 18, stem: imagenet}
///   text: {encoder: transformer, width: 256, depth: 4, heads: 4, context: 16, pooling: first}
/// ```
public struct ModelSettings: Sendable {
    public enum Stem: String, Sendable, CaseIterable { case imagenet, cifar }
    public enum Pooling: String, Sendable, CaseIterable {
        case first, mean
        case endOfText = "end_of_text"
    }

    /// A ResNet.
    public struct ImageTower: Sendable {
        /// 18, 34 or 50.
        public let depth: Int
        public let stem: Stem
        /// Channels of the first stage; 64 in the paper.
        public let width: Int
    }

    /// A transformer over tokens.
    public struct TextTower: Sendable {
        public let width, depth, heads: Int
        /// Tokens a text has at most, special ones included.
        public let context: Int
        public let causal: Bool
        public let pooling: Pooling
        public let dropout: Double
    }

    /// Size D of the shared space.
    public let dimension: Int
    public let image: ImageTower
    public let text: TextTower

    private enum ImageEncoder: String, CaseIterable { case resnet }
    private enum TextEncoder: String, CaseIterable { case transformer }

    init(_ fields: Fields) throws {
        dimension = try fields.integer("dimension", default: 256, in: 1...65536)
        let image = try fields.fields("image")
        _ = try image.choice("encoder", default: ImageEncoder.resnet)
        let depth = try image.integer("depth", default: 18)
        guard [18, 34, 50].contains(depth) else { throw image.fault("depth", "\(depth) is none of 18, 34, 50") }
        self.image = ImageTower(
            depth: depth, stem: try image.choice("stem", default: Stem.imagenet), width: try image.integer("width", default: 64, in: 1...1024))
        let text = try fields.fields("text")
        _ = try text.choice("encoder", default: TextEncoder.transformer)
        let width = try text.integer("width", default: 256, in: 1...65536)
        let textDepth = try text.integer("depth", default: 4, in: 1...1000)
        let heads = try text.integer("heads", default: max(1, width / 64), in: 1...width)
        guard width % heads == 0 else { throw text.fault("heads", "width \(width) is no multiple of \(heads) heads") }
        self.text = TextTower(
            width: width, depth: textDepth, heads: heads, context: try text.integer("context", default: 32, in: 2...65536),
            causal: try text.flag("causal", default: false), pooling: try text.choice("pooling", default: Pooling.first),
            dropout: try text.number("dropout", default: 0, in: 0...0.99))
    }
}
