import CKernels
import ConcordTensors

extension Image {
    /// How a new pixel is made from old ones.
    public enum Filter: String, Sendable, CaseIterable {
        /// The one old pixel under its center.
        case nearest
        /// A triangle one (new or old, the larger) pixel wide to each side.
        case bilinear
        /// Keys' cubic with a = -1/2, two pixels to each side.
        case bicubic

        var support: Double { self == .bicubic ? 2 : 1 }

        func weight(_ distance: Double) -> Double {
            let x = abs(distance)
            if self == .bilinear { return x < 1 ? 1 - x : 0 }
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }

    /// Edges in pixels, not necessarily whole.
    struct Box {
        var left, top, right, bottom: Float

        /// The same edges after an image of `width` x `height` was turned.
        func oriented(_ orientation: Orientation, width: Float, height: Float) -> Box {
            let (x, mirroredX) = ((left, right), (width - right, width - left))
            let (y, mirroredY) = ((top, bottom), (height - bottom, height - top))
            let (across, down) =
                switch orientation {
                case .upright: (x, y)
                case .mirrored: (mirroredX, y)
                case .turned180: (mirroredX, mirroredY)
                case .flipped: (x, mirroredY)
                case .transposed: (y, x)
                case .turnedRight: (mirroredY, x)
                case .transversed: (mirroredY, mirroredX)
                case .turnedLeft: (y, mirroredX)
                }
            return Box(left: across.0, top: down.0, right: across.1, bottom: down.1)
        }
    }

    /// The image in another size, antialiased: when shrinking, the filter is as wide as the new pixels are.
    ///
    /// Equal to Pillow's `Image.resize`, bit for bit: weights in 22-bit fixed point, 8 bits between the passes.
    /// - Source: Keys 1981, "Cubic convolution interpolation for digital image processing".
    public func resized(width: Int, height: Int, filter: Filter = .bicubic) -> Image {
        PixelView(self).resized(width: width, height: height, filter: filter)
    }

    /// The image with its shorter side `shortestSide` long, the other in proportion and cut to whole pixels, as
    /// torchvision's `Resize`.
    public func resized(shortestSide: Int, filter: Filter = .bicubic) -> Image {
        let long = Int(Double(shortestSide * max(width, height)) / Double(min(width, height)))
        return width <= height
            ? resized(width: shortestSide, height: long, filter: filter)
            : resized(width: long, height: shortestSide, filter: filter)
    }
}

extension PixelView {
    /// - Parameter box: the part to resize; pixels around it count where the filter reaches them. The whole if nil.
    func resized(width: Int, height: Int, filter: Image.Filter, box: Image.Box? = nil) -> Image {
        let box = box ?? Image.Box(left: 0, top: 0, right: Float(self.width), bottom: Float(self.height))
        if filter == .nearest { return nearest(width: width, height: height, box: box) }
        let columns = Resampling(from: self.width, box.left, box.right, to: width, filter)
        let rows = Resampling(from: self.height, box.top, box.bottom, to: height, filter)
        if columns.isIdentity { return rows.isIdentity ? copied() : down(rows, height: height) }
        if rows.isIdentity { return across(columns, rows: 0..<self.height, width: width) }
        // Pillow's rule since version 13; before that rows always went first.
        if height < self.height && self.height - height > 2 * (self.width - width) {
            return PixelView(down(rows, height: height)).across(columns, rows: 0..<height, width: width)
        }
        // The first pass makes the rows that the second one reads, no others.
        return PixelView(across(columns, rows: rows.reach, width: width)).down(
            rows, height: height, skipped: rows.reach.lowerBound)
    }

    /// - Parameter skipped: the number that this view's first row has in `rows`.
    private func down(_ rows: Resampling, height: Int, skipped: Int = 0) -> Image {
        let output = Image(uninitializedWidth: width, height: height)
        rows.withTables { tables in
            for y in 0..<height {
                concord_resample_across(
                    output.base + 3 * width * y, 3 * width, base + stride * (Int(tables.first[y]) - skipped), stride,
                    tables.weights + y * tables.taps, Int(tables.counts[y]))
            }
        }
        return output
    }

    private func across(_ columns: Resampling, rows: Range<Int>, width: Int) -> Image {
        let output = Image(uninitializedWidth: width, height: rows.count)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16 * self.width) { line in
            columns.withTables { tables in
                for y in Swift.stride(from: 0, to: rows.count, by: 4) {
                    concord_resample_along(
                        output.base + 3 * width * y, 3 * width, base + stride * (rows.lowerBound + y), stride,
                        self.width,
                        min(4, rows.count - y),
                        tables, line.baseAddress)
                }
            }
        }
        return output
    }

    private func nearest(width: Int, height: Int, box: Image.Box) -> Image {
        func places(_ from: Float, _ to: Float, _ size: Int, _ count: Int) -> [Int] {
            let step = Double(to - from) / Double(count)
            var place = Double(from) + step / 2
            return (0..<count).map { _ in
                defer { place += step }
                return min(max(Int(place), 0), size - 1)
            }
        }
        let columns = places(box.left, box.right, self.width, width),
            rows = places(box.top, box.bottom, self.height, height)
        let output = Image(uninitializedWidth: width, height: height)
        var to = output.base
        for y in rows {
            let row = base + stride * y
            for x in columns {
                to.update(from: row + 3 * x, count: 3)
                to += 3
            }
        }
        return output
    }
}
