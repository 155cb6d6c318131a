import ConcordTensors

/// An image being drawn: rectangles, images and text; what falls outside is cut off.
struct Canvas {
    let width, height: Int
    private var bytes: [UInt8]

    init(width: Int, height: Int, _ color: Image.Color) {
        (self.width, self.height) = (width, height)
        bytes = []
        bytes.reserveCapacity(3 * width * height)
        for _ in 0..<width * height { bytes += [color.red, color.green, color.blue] }
    }

    var image: Image { Image(pixels: Tensor(bytes, shape: [height, width, 3])) }

    mutating func fill(_ r: PixelRectangle, _ color: Image.Color) {
        for y in max(0, r.y)..<max(0, r.y, min(height, r.y + r.height)) {
            for x in max(0, r.x)..<max(0, r.x, min(width, r.x + r.width)) {
                let i = 3 * (y * width + x)
                (bytes[i], bytes[i + 1], bytes[i + 2]) = (color.red, color.green, color.blue)
            }
        }
    }

    mutating func draw(_ image: Image, x: Int, y: Int) {
        let pixels = image.pixels.bytes
        for row in max(0, -y)..<max(0, -y, min(image.height, height - y)) {
            for column in max(0, -x)..<max(0, -x, min(image.width, width - x)) {
                let from = 3 * (row * image.width + column), to = 3 * ((y + row) * width + x + column)
                for c in 0..<3 { bytes[to + c] = pixels[from + c] }
            }
        }
    }

    /// - Parameter scale: pixels a dot of a letter is wide and high.
    mutating func draw(_ text: String, x: Int, y: Int, _ color: Image.Color, scale: Int = 1) {
        for (place, letter) in text.unicodeScalars.enumerated() {
            for (row, dots) in BitmapFont.rows(of: letter).enumerated() {
                for column in 0..<BitmapFont.width where dots >> (BitmapFont.width - 1 - column) & 1 == 1 {
                    fill(
                        PixelRectangle(
                            x: x + (place * BitmapFont.advance + column) * scale, y: y + row * scale, width: scale,
                            height: scale), color)
                }
            }
        }
    }
}
