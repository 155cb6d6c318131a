import CKernels
import ConcordTensors
#if canImport(Glibc)
    import Glibc
#endif

extension Image {
    /// Smoothed with a Gaussian.
    ///
    /// The image is mirrored at its edges, without repeating the outermost pixels; the same as torchvision's
    /// `gaussian_blur`.
    /// - Parameters:
    ///   - sigma: standard deviation in pixels, above 0.
    ///   - kernel: pixels of the window, odd; it may reach over a side at most once (`kernel / 2 <` either side).
    public func blurred(sigma: Float, kernel: Int) -> Image {
        let radius = kernel / 2
        ShapeCheck.require(
            sigma > 0 && kernel % 2 == 1 && radius < min(width, height), "blurred",
            "sigma \(sigma), kernel \(kernel) on an image of \(width)x\(height)")
        let bells = (-radius...radius).map { exp(-0.5 * (Float($0) / sigma) * (Float($0) / sigma)) }
        let total = bells.reduce(0, +), weights = bells.map { $0 / total }
        let output = Image(uninitializedWidth: width, height: height), row = 3 * width
        let smooth = Tensor(uninitialized: [height, row]), padded = Tensor(uninitialized: [row + 6 * radius])
        func mirrored(_ i: Int, _ count: Int) -> Int { i < 0 ? -i : i < count ? i : 2 * (count - 1) - i }
        for y in 0..<height {
            let from = base + row * y, to = padded.float32Pointer
            for i in 0..<row { to[3 * radius + i] = Float(from[i]) }
            for x in (-radius..<0) {
                for c in 0..<3 { to[3 * (radius + x) + c] = Float(from[3 * mirrored(x, width) + c]) }
            }
            for x in (width..<width + radius) {
                for c in 0..<3 { to[3 * (radius + x) + c] = Float(from[3 * mirrored(x, width) + c]) }
            }
            concord_filter_row(smooth.float32Pointer + row * y, to, row, weights, kernel)
        }
        for y in 0..<height {
            let rows = (y - radius...y + radius).map {
                Optional(UnsafePointer(smooth.float32Pointer + row * mirrored($0, height)))
            }
            concord_filter_rows(output.base + row * y, rows, row, weights, kernel)
        }
        return output
    }
}
