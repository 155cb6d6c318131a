/// One image made of many: rows of images under a label, each with its caption; right answers framed in green.
///
/// ```swift
/// var sheet = ContactSheet(columns: 5, cell: 96)
/// sheet.addRow(label: "a large red ring", images: answers.map { ($0.image, $0.caption, $0.isRight) })
/// try sheet.image.write(jpeg: "answers.jpg")
/// ```
public struct ContactSheet: Sendable {
    /// Images side by side; more go to a further line.
    public let columns: Int
    /// Side of the square each image is fitted into, in pixels.
    public let cell: Int

    private struct Entry {
        let image: Image
        let caption: [String]
        let isHighlighted: Bool
    }
    private var rows: [(label: String, entries: [Entry])] = []

    private static let gap = 10, frame = 3, captionLines = 3

    /// - Parameters:
    ///   - columns: images side by side, at least 1.
    ///   - cell: side of the square that each image is fitted into, in pixels, at least 16.
    public init(columns: Int, cell: Int) {
        self.columns = max(1, columns)
        self.cell = max(16, cell)
    }

    /// - Parameters:
    ///   - label: is above the images, for instance the query they answer; cut off at the sheet's edge.
    ///   - images: captions are cut to three lines; highlighted images get a green frame, others a gray one.
    public mutating func addRow(label: String, images: [(Image, caption: String, isHighlighted: Bool)]) {
        let entries = images.map { image, caption, isHighlighted in
            let scale = Double(cell) / Double(max(image.width, image.height))
            func side(_ length: Int) -> Int { max(1, Int((Double(length) * scale).rounded())) }
            return Entry(
                image: image.resized(width: side(image.width), height: side(image.height)),
                caption: Array(
                    BitmapFont.lines(of: caption, columns: cell / BitmapFont.advance).prefix(Self.captionLines)),
                isHighlighted: isHighlighted)
        }
        rows.append((label, entries))
    }

    /// The sheet.
    public var image: Image {
        let step = cell + 2 * Self.frame + Self.gap, width = Self.gap + columns * step
        let lineHeight = cell + 2 * Self.frame + 3 + Self.captionLines * BitmapFont.lineHeight + Self.gap
        let labelHeight = 2 * BitmapFont.lineHeight
        func lines(_ count: Int) -> Int { (count + columns - 1) / columns }
        let height = rows.reduce(Self.gap) { $0 + labelHeight + lines($1.entries.count) * lineHeight }
        var canvas = Canvas(width: width, height: height, .white), y = Self.gap
        for (label, entries) in rows {
            let isLong = label.unicodeScalars.count * BitmapFont.advance * 2 > width - 2 * Self.gap
            canvas.draw(label, x: Self.gap, y: y, .black, scale: isLong ? 1 : 2)
            y += labelHeight
            for (place, entry) in entries.enumerated() {
                draw(entry, on: &canvas, x: Self.gap + place % columns * step, y: y + place / columns * lineHeight)
            }
            y += lines(entries.count) * lineHeight
        }
        return canvas.image
    }

    private func draw(_ entry: Entry, on canvas: inout Canvas, x: Int, y: Int) {
        let outer = cell + 2 * Self.frame
        canvas.fill(
            PixelRectangle(x: x, y: y, width: outer, height: outer),
            entry.isHighlighted ? Image.Color(20, 160, 70) : Image.Color(205, 205, 205))
        let inset = entry.isHighlighted ? Self.frame : Self.frame - 1
        canvas.fill(
            PixelRectangle(x: x + inset, y: y + inset, width: outer - 2 * inset, height: outer - 2 * inset),
            Image.Color(240, 240, 240))
        canvas.draw(entry.image, x: x + (outer - entry.image.width) / 2, y: y + (outer - entry.image.height) / 2)
        for (line, text) in entry.caption.enumerated() {
            canvas.draw(
                text, x: x + Self.frame, y: y + outer + 4 + line * BitmapFont.lineHeight, Image.Color(70, 70, 70))
        }
    }
}
