public import ConcordTensors

/// Cuts square images into a grid of square tiles with gaps between them, each at a random offset in its cell.
///
/// Without gaps and offsets the order of tiles would follow from edges that go on in the next tile.
///
/// ```swift
/// let grid = TileGrid(3, gap: 2)                                        // of 32 pixels: cells of 10, tiles of 8
/// ```
/// - Source: Noroozi, Favaro 2016, arXiv:1603.09246, section 4.2 (cells of 85, tiles of 64); Doersch, Gupta, Efros
///   2015, arXiv:1505.05192, section 3 (tiles of 96, gaps of 48, offsets of 7 either way). Deviation: offsets are the
///   same for all color channels, so chromatic aberration is not hidden; gray images (`views.gray`) hide it.
public struct TileGrid: Sendable, Hashable {
    /// Tiles along each side.
    public let side: Int
    /// Mean distance in pixels between neighboring tiles; a fraction of the cell's side where nil.
    public let gap: Int?
    /// Largest offset in pixels from the middle of the cell, either way; as far as the cell goes where nil.
    public let jitter: Int?
    /// The gap where it is nil, as a fraction of the cell.
    public let gapFraction: Double

    /// - Parameters:
    ///   - side: tiles along each side, at least 2.
    ///   - gap: mean distance in pixels between neighboring tiles; `gapFraction` of the cell where nil.
    ///   - jitter: largest offset from the middle of the cell, either way; as far as the cell goes where nil.
    public init(_ side: Int = 3, gap: Int? = nil, jitter: Int? = nil, gapFraction: Double = 0.25) {
        ShapeCheck.require(
            side > 1 && gap ?? 0 >= 0 && jitter ?? 0 >= 0 && gapFraction >= 0 && gapFraction < 1, "TileGrid",
            "\(side) tiles a side, gap \(gap ?? 0), jitter \(jitter ?? 0)")
        (self.side, self.gap, self.jitter, self.gapFraction) = (side, gap, jitter, gapFraction)
    }

    /// Number T of tiles.
    public var count: Int { side * side }

    /// Sides in pixels of a cell and of a tile of images of a size; a tile's is below 1 where they do not fit.
    public func sizes(of imageSize: Int) -> (cell: Int, tile: Int) {
        let cell = imageSize / side
        return (cell, cell - (gap ?? Int(gapFraction * Double(cell))))
    }

    /// The upper left corner of every cell's tile, `[row, column]` in pixels, for each image.
    /// - Parameter keys: one an image.
    public func corners(imageSize: Int, keys: [RandomKey]) -> [[[Int]]] {
        let (cell, tile) = sizes(of: imageSize), room = cell - tile
        let first = jitter.map { max(0, room / 2 - $0) } ?? 0, last = jitter.map { min(room, first + 2 * $0) } ?? room
        return keys.map { key in
            var random = key.derived("tiles").sequence
            return (0..<count).map { place in
                [place / side, place % side].map { $0 * cell + first + random.integer(below: last - first + 1) }
            }
        }
    }

    /// Tiles of images, each with mean 0 and variance 1 in every channel, so that brightness and tint give no place
    /// away: `(x - mean) / sqrt(variance + 1e-3)`.
    /// - Parameters:
    ///   - images: `[N, S, S, C]`.
    ///   - corners: of as many tiles of each image.
    /// - Returns: `[N T, tile, tile, C]`.
    public func tiles(of images: Tensor, at corners: [[[Int]]]) -> Tensor {
        ShapeCheck.require(
            images.rank == 4 && images.shape[1] == images.shape[2], "TileGrid",
            "[N, S, S, C] wanted, found \(images.shape)")
        let (size, channels) = (images.shape[1], images.shape[3]), tile = sizes(of: size).tile
        ShapeCheck.require(tile > 0, "TileGrid", "images of \(size) have no tiles: \(side) a side, gap \(gap ?? 0)")
        var places: [Int32] = []
        places.reserveCapacity(corners.count * count * tile * tile)
        for (image, corners) in corners.enumerated() {
            for corner in corners {
                for row in corner[0]..<corner[0] + tile {
                    let start = (image * size + row) * size + corner[1]
                    for place in start..<start + tile { places.append(Int32(place)) }
                }
            }
        }
        let pixels = images.reshaped([-1, channels]).gathered(at: Tensor(places, shape: [places.count]))
        let tiles = pixels.reshaped([places.count / (tile * tile), tile, tile, channels])
        let variance = tiles.variance(axes: [1, 2], keepingAxes: true)
        return (tiles - tiles.mean(axes: [1, 2], keepingAxes: true)) / (variance + 1e-3).sqrt()
    }
}
