/// What is compared of an image to find its near duplicates: its size, and its pixels at 32 x 32.
package struct ImageThumbnail: Sendable {
    static let side = 32

    /// Of the image itself.
    package let width, height: Int
    /// `[32, 32, 3]`, rows from the top.
    let pixels: [UInt8]

    package init(_ image: Image) {
        (width, height) = (image.width, image.height)
        let small = image.resized(width: Self.side, height: Self.side)
        pixels = Array(UnsafeBufferPointer(start: small.base, count: small.count))
    }

    /// Side at which two images are compared: 16 where one of them has hardly more pixels than that, since the other
    /// then has details that it cannot have.
    static func comparedSide(_ a: ImageThumbnail, _ b: ImageThumbnail) -> Int {
        min(a.width, a.height, b.width, b.height) < 24 ? 16 : 32
    }

    /// Elements of a descriptor.
    package static let descriptorSize = 192

    /// A unit vector of 8 x 8 colors less their mean, whose products with others are correlations: images that differ
    /// in compression, size or a narrow margin have 0.75 and more. Nil for an image of one color.
    package var descriptor: [Float]? {
        let cells = 8, step = Self.side / cells
        var means = [Float](repeating: 0, count: Self.descriptorSize)
        for y in 0..<Self.side {
            for x in 0..<Self.side {
                let cell = 3 * (y / step * cells + x / step), pixel = 3 * (y * Self.side + x)
                for c in 0..<3 { means[cell + c] += Float(pixels[pixel + c]) }
            }
        }
        return means.unitWithoutMean(leastDeviation: Float(step * step))
    }
}

extension [Float] {
    /// Less its mean, and of length 1; nil where its standard deviation is below `leastDeviation`: there is nothing to
    /// compare.
    func unitWithoutMean(leastDeviation: Float) -> [Float]? {
        let mean = reduce(0, +) / Float(Swift.max(1, count))
        let length = reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
        guard length > leastDeviation * Float(count).squareRoot() else { return nil }
        return map { ($0 - mean) / length }
    }
}
