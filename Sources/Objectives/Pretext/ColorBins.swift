public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// The a and b of L*a*b* in squares of a grid: classes of colors, of which a color belongs to several nearest ones.
///
/// Its bins are the grid points that are nearest to some sRGB color: 260 at a distance of 10.
/// - Source: Zhang, Isola, Efros 2016, arXiv:1603.08511, section 2.1. Deviation: the paper's file has 313 bins, which
///   reach beyond the colors of sRGB.
public struct ColorBins: Sendable, Hashable {
    /// Distance of neighboring bins along a and along b.
    public let size: Int
    /// The bins' a and b, two values a bin, a ascending, then b.
    public let centers: [Float]
    /// How many nearest bins a color belongs to, and the standard deviation of their weights' Gaussian.
    public let nearest: Int, sigma: Float

    /// - Parameters:
    ///   - size: distance of neighboring bins; 10 in the paper.
    ///   - nearest: bins that a color belongs to; 5 in the paper, 10 in its code.
    ///   - sigma: standard deviation of their weights' Gaussian; 5 in the paper.
    public init(size: Int = 10, nearest: Int = 10, sigma: Float = 5) {
        ShapeCheck.require(
            (2...100).contains(size) && nearest > 0 && sigma > 0, "ColorBins",
            "bins \(size) apart, \(nearest) nearest, sigma \(sigma)")
        var seen: Set<[Int]> = []
        for red in 0..<52 {  // levels of 5 of 255
            for green in 0..<52 {
                for blue in 0..<52 {
                    let color = LabColor.lab(Double(red) / 51, Double(green) / 51, Double(blue) / 51)
                    seen.insert([color.a, color.b].map { Int(($0 / Double(size)).rounded()) })
                }
            }
        }
        centers = seen.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) }.flatMap { $0.map { Float($0 * size) } }
        (self.size, self.sigma) = (size, sigma)
        self.nearest = min(nearest, centers.count / 2)
    }

    /// Number Q of bins.
    public var count: Int { centers.count / 2 }

    /// The nearest bins of colors, nearest first, and their weights, which add up to 1 for each color.
    /// - Parameter colors: a and b, `[M, 2]`.
    /// - Returns: int32 `[M, nearest]` and `[M, nearest]`.
    public func encoded(_ colors: Tensor) -> (bins: Tensor, weights: Tensor) {
        ShapeCheck.require(
            colors.rank == 2 && colors.shape[1] == 2, "ColorBins", "[M, 2] wanted, found \(colors.shape)")
        let source = colors.scalars, rows = colors.shape[0], k = nearest, q = count
        var bins = [Int32](repeating: 0, count: rows * k), weights = [Float](repeating: 0, count: rows * k)
        bins.withUnsafeMutableBufferPointer { bins in
            weights.withUnsafeMutableBufferPointer { weights in
                nonisolated(unsafe) let (bins, weights) = (bins, weights)
                Parallel.run(rows, grain: 64) { range in
                    for row in range {
                        let (a, b) = (source[2 * row], source[2 * row + 1])
                        encode(a, b, q, k, bins.baseAddress! + row * k, weights.baseAddress! + row * k)
                    }
                }
            }
        }
        return (Tensor(bins, shape: [rows, k]), Tensor(weights, shape: [rows, k]))
    }

    /// Keeps the k nearest bins in order, then turns their squared distances to weights.
    private func encode(
        _ a: Float, _ b: Float, _ q: Int, _ k: Int, _ bins: UnsafeMutablePointer<Int32>,
        _ weights: UnsafeMutablePointer<Float>
    ) {
        for place in 0..<k { weights[place] = .infinity }
        centers.withUnsafeBufferPointer { centers in
            for bin in 0..<q {
                let (x, y) = (centers[2 * bin] - a, centers[2 * bin + 1] - b), distance = x * x + y * y
                guard distance < weights[k - 1] else { continue }
                var place = k - 1
                while place > 0, weights[place - 1] > distance {
                    (weights[place], bins[place]) = (weights[place - 1], bins[place - 1])
                    place -= 1
                }
                (weights[place], bins[place]) = (distance, Int32(bin))
            }
        }
        var sum: Float = 0
        let least = weights[0]  // so that a color far from all bins has weights too
        for place in 0..<k {
            weights[place] = exp((least - weights[place]) / (2 * sigma * sigma))
            sum += weights[place]
        }
        for place in 0..<k { weights[place] /= sum }
    }
}
