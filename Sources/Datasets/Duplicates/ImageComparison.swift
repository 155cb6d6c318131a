/// How alike two images are where they overlap, once the one is placed in the other.
///
/// The limits are from 400 images each of CIFAR-10 and Noto Emoji, re-encoded, cropped and resized, against all pairs
/// of other images (article Duplicates).
package struct ImageComparison: Sendable {
    /// Of all colors of the overlap, each channel less its mean: -1 to 1; 0 where the images are not alike at all.
    package let correlation: Float
    /// The largest root mean square difference of a sixteenth of the image, over the standard deviation of the whole.
    package let localDifference: Float
    /// The largest difference of mean color of a sixty-fourth of the image, 0 to 1, in any channel.
    package let colorDifference: Float

    /// Whether one is the other re-encoded, resized, or cropped by a tenth of a side at most.
    ///
    /// What differs in one place, such as the color of a face or a hand of a clock, is another image.
    package var isNearDuplicate: Bool { correlation > 0.95 && localDifference < 0.6 && colorDifference < 0.1 }

    private static let none = ImageComparison(correlation: 0, localDifference: 1, colorDifference: 1)

    private init(correlation: Float, localDifference: Float, colorDifference: Float) {
        (self.correlation, self.localDifference) = (correlation, localDifference)
        self.colorDifference = colorDifference
    }

    /// Either image may be the cropped one.
    package init(_ a: ImageThumbnail, _ b: ImageThumbnail) {
        let side = ImageThumbnail.comparedSide(a, b)
        self.init(ImagePlanes(a, side: side), ImagePlanes(b, side: side))
    }

    init(_ a: ImagePlanes, _ b: ImagePlanes) {
        let found = [(a, b), (b, a)].compactMap { source, target in
            ImageAlignment(of: source, in: target).map { Self(source, target, $0) }
        }
        self = found.min { $0.localDifference < $1.localDifference } ?? .none
    }

    private init(_ source: ImagePlanes, _ target: ImagePlanes, _ alignment: ImageAlignment) {
        let size = source.side, cell = size / 8
        let columns = alignment.columns(size), rows = alignment.rows(size)
        let count = columns.isInside.reduce(0, +) * rows.isInside.reduce(0, +)
        var differences = [Float](repeating: 0, count: 3 * size * size)
        var squares: Float = 0, products: Float = 0
        var energy = [Float](repeating: 0, count: 16), cells = [Float](repeating: 0, count: 16)
        for c in 0..<3 {
            let b = target.color(c)
            var sums = SIMD2<Float>.zero, moments = SIMD3<Float>.zero
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * size) { memory in
                guard let line = memory.baseAddress else { return }
                for y in 0..<size where rows.isInside[y] > 0 {
                    ImageAlignment.resample(
                        source.color(c), size, row: y, rows, columns, into: line, scratch: line + size)
                    for x in 0..<size where columns.isInside[x] > 0 {
                        let (p, q) = (line[x], b[y * size + x])
                        sums += SIMD2(p, q)
                        moments += SIMD3(p * p, q * q, p * q)
                        differences[c * size * size + y * size + x] = p - q
                    }
                }
            }
            let means = sums / max(1, count)
            squares += moments.x + moments.y - count * (means.x * means.x + means.y * means.y)
            products += moments.z - count * means.x * means.y
            let shift = means.x - means.y  // a change of brightness alone is none of content
            for y in 0..<size where rows.isInside[y] > 0 {
                for x in 0..<size where columns.isInside[x] > 0 {
                    let d = differences[c * size * size + y * size + x]
                    energy[y / (2 * cell) * 4 + x / (2 * cell)] += d * d
                    differences[c * size * size + y * size + x] = d - shift
                    if c == 0 { cells[y / (2 * cell) * 4 + x / (2 * cell)] += 3 }
                }
            }
        }
        // 2 ab / (aa + bb): equal to the correlation where the two vary as much, and lower where they do not.
        correlation = squares > 1e-6 ? 2 * products / squares : 0
        let deviation = max(0.04, (squares / 2 / max(1, 3 * count)).squareRoot())
        let least = Float(3 * 4 * cell * cell) / 4
        let errors = zip(energy, cells).map { ($0 / max($1, least)).squareRoot() }
        localDifference = (errors.max() ?? 0) / deviation
        var largest: Float = 0
        for c in 0..<3 {
            for row in 0..<8 {
                for column in 0..<8 {
                    var sum: Float = 0, inside: Float = 0
                    for y in row * cell..<(row + 1) * cell {
                        for x in column * cell..<(column + 1) * cell {
                            sum += differences[c * size * size + y * size + x] * rows.isInside[y] * columns.isInside[x]
                            inside += rows.isInside[y] * columns.isInside[x]
                        }
                    }
                    largest = max(largest, abs(sum) / max(inside, Float(cell * cell) / 2))
                }
            }
        }
        colorDifference = largest
    }
}
