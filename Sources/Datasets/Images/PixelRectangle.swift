/// A part of an image: `width` columns from column `x`, `height` rows from row `y`.
public struct PixelRectangle: Hashable, Sendable {
    public var x, y, width, height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// The middle of an image, as torchvision's `center_crop` places it (halves go to the even neighbour).
    init(centered width: Int, _ height: Int, inWidth outerWidth: Int, height outerHeight: Int) {
        func margin(_ outer: Int, _ inner: Int) -> Int { Int((Double(outer - inner) / 2).rounded(.toNearestOrEven)) }
        self.init(x: margin(outerWidth, width), y: margin(outerHeight, height), width: width, height: height)
    }

    func isInside(width outerWidth: Int, height outerHeight: Int) -> Bool {
        width > 0 && height > 0 && x >= 0 && y >= 0 && width <= outerWidth - x && height <= outerHeight - y
    }
}
