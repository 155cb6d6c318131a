public import ConcordLayers
public import ConcordTensors

/// Predicts which of the eight neighbors of an image's middle tile another tile is (context prediction).
///
/// The encoder sees each tile alone. Every image gives all of its eight pairs, whose middle tile is encoded once.
///
///     loss = mean over images and neighbors k of  -ln softmax(head(encoder(middle), encoder(neighbor k)))_k
///
/// ```swift
/// let position = RelativePatchPosition(ResNet(depth: 18, stem: .cifar))
/// let loss = position(images)                                           // [N, S, S, 3]
/// ```
/// `ln 8` at chance. Metrics: `accuracy`. In checkpoints: `encoder.…`, `head.tile`, `head.hidden`, `head.classifier`.
/// - Source: Doersch, Gupta, Efros 2015, arXiv:1505.05192, section 3. Deviations: all eight pairs of the tiles around
///   the image's middle, theirs draws pairs all over a larger image; no projection of colors and no downsampled tiles.
public final class RelativePatchPosition<E: FeatureEncoder>: ImageObjective where E.Input == Tensor {
    /// Square images `[N, S, S, C]`.
    public typealias Input = Tensor

    /// The encoder, which is kept after training.
    public let encoder: E
    /// From the embeddings of the middle tile and of a neighbor to the eight places, row by row.
    public let head: TileClassifier
    /// How images are cut: three tiles a side.
    public let grid: TileGrid

    /// - Parameters:
    ///   - encoder: of square images of any size.
    ///   - gap, jitter: in pixels, as of ``TileGrid``; a third of a cell and a twentieth of it where nil, the paper's.
    ///   - width: of a tile's code.
    ///   - hidden: of the layer over both tiles.
    public init(_ encoder: E, gap: Int? = nil, jitter: Int? = nil, width: Int = 128, hidden: Int = 512) {
        self.encoder = encoder
        head = TileClassifier(encoder.outputDimension, tiles: 2, width: width, hidden: hidden, classes: 8)
        grid = TileGrid(3, gap: gap, jitter: jitter, gapFraction: 1 / 3.0)
    }

    /// The loss of images at offsets that follow from their samples' keys, in the surrounding mode.
    /// - Precondition: the images are square, and no smaller than their tiles.
    public func callAsFunction(_ images: Tensor) -> Loss {
        let size = images.shape[1]
        // 7 of 144 pixels in the paper.
        let jitter = grid.jitter ?? max(1, size / grid.side / 20)
        let placed = TileGrid(3, gap: grid.gap, jitter: jitter, gapFraction: grid.gapFraction)
        let keys = Computation.sampleKeys(count: images.shape[0])
        return self(images, corners: placed.corners(imageSize: size, keys: keys))
    }

    /// The loss of images whose tiles are known.
    /// - Parameter corners: of the nine tiles of each image, row by row.
    public func callAsFunction(_ images: Tensor, corners: [[[Int]]]) -> Loss {
        let count = images.shape[0], tiles = grid.tiles(of: images, at: corners)
        let codes = head.codes(encoder(tiles))  // [9N, width]
        var pairs: [Int32] = []
        for image in 0..<count {
            for neighbor in 0..<9 where neighbor != 4 { pairs += [Int32(9 * image + 4), Int32(9 * image + neighbor)] }
        }
        let joined = codes.gathered(at: Tensor(pairs, shape: [pairs.count])).reshaped([8 * count, -1])
        let labels = Tensor((0..<8 * count).map { Int32($0 % 8) }, shape: [8 * count])
        return .classification(head(joined), labels: labels)
    }
}
