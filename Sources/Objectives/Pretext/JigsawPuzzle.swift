public import ConcordLayers
public import ConcordTensors

/// Predicts in which of many orders the tiles of an image were shuffled: where parts of objects are must be understood
/// for that.
///
/// The encoder sees each tile alone. An image is seen once, in an order drawn by its sample's key.
///
///     loss = mean over images of  -ln softmax(head(encoder(tile 1), …, encoder(tile T)))_order
///
/// ```swift
/// let jigsaw = JigsawPuzzle(ResNet(depth: 18, stem: .cifar), permutations: PermutationSet(100, of: 9))
/// let loss = jigsaw(images)                                             // [N, S, S, 3]
/// ```
/// `ln P` at chance, of P orders. Metrics: `accuracy`. In checkpoints: `encoder.…`, `head.tile`, `head.hidden`,
/// `head.classifier`.
/// - Source: Noroozi, Favaro 2016, arXiv:1603.09246, section 3 and figure 3.
public final class JigsawPuzzle<E: FeatureEncoder>: ImageObjective where E.Input == Tensor {
    /// Square images `[N, S, S, C]`.
    public typealias Input = Tensor

    /// The encoder, which is kept after training.
    public let encoder: E
    /// From the tiles' embeddings to the orders.
    public let head: TileClassifier
    /// How images are cut.
    public let grid: TileGrid
    /// The orders: tile i of a puzzle is from cell `permutations[order][i]`.
    public let permutations: PermutationSet

    /// - Parameters:
    ///   - encoder: of square images of any size.
    ///   - permutations: of the grid's tiles; the paper's are up to 1000.
    ///   - width: of a tile's code; 1024 in the paper.
    ///   - hidden: of the layer over all tiles; 4096 in the paper.
    public init(
        _ encoder: E, grid: TileGrid = TileGrid(), permutations: PermutationSet, width: Int = 128, hidden: Int = 512
    ) {
        ShapeCheck.require(
            permutations.length == grid.count, "JigsawPuzzle",
            "permutations of \(permutations.length) places for \(grid.count) tiles")
        self.encoder = encoder
        head = TileClassifier(
            encoder.outputDimension, tiles: grid.count, width: width, hidden: hidden, classes: permutations.count)
        (self.grid, self.permutations) = (grid, permutations)
    }

    /// Shuffles the images' tiles by their samples' keys and returns their loss, in the surrounding mode.
    /// - Precondition: the images are square, and no smaller than their tiles.
    public func callAsFunction(_ images: Tensor) -> Loss {
        let keys = Computation.sampleKeys(count: images.shape[0])
        let orders = keys.map { key in
            var random = key.derived("order").sequence
            return random.integer(below: permutations.count)
        }
        return self(images, orders: orders, corners: grid.corners(imageSize: images.shape[1], keys: keys))
    }

    /// The loss of images whose orders and tiles are known.
    /// - Parameters:
    ///   - orders: one an image, an index into `permutations`.
    ///   - corners: of each cell's tile, before they are shuffled.
    public func callAsFunction(_ images: Tensor, orders: [Int], corners: [[[Int]]]) -> Loss {
        let shuffled = zip(orders, corners).map { order, corners in permutations[order].map { corners[$0] } }
        let tiles = grid.tiles(of: images, at: shuffled)  // [N T, tile, tile, C]
        let codes = head.codes(encoder(tiles)).reshaped([images.shape[0], -1])  // [N, T width]
        return .classification(head(codes), labels: Tensor(orders.map { Int32($0) }, shape: [orders.count]))
    }
}
