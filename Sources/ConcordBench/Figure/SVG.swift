import ConcordFiles

/// A drawing, element by element.
package struct SVG {
    private var elements: [String] = []
    private let width: Double, height: Double, title: String

    /// - Parameter title: for readers that do not see the drawing.
    init(width: Double, height: Double, title: String) {
        (self.width, self.height, self.title) = (width, height, title)
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, fill: String, radius: Double = 0, stroke: String? = nil
    ) {
        let border = stroke.map { " stroke=\"\($0)\"" } ?? "", corner = radius > 0 ? " rx=\"\(Self.text(radius))\"" : ""
        elements.append(
            "<rect x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" width=\"\(Self.text(width))\" "
                + "height=\"\(Self.text(height))\" fill=\"\(fill)\"\(corner)\(border)/>")
    }

    mutating func verticalLine(x: Double, from top: Double, to bottom: Double, stroke: String) {
        elements.append(
            "<line x1=\"\(Self.text(x))\" y1=\"\(Self.text(top))\" x2=\"\(Self.text(x))\" y2=\"\(Self.text(bottom))\" "
                + "stroke=\"\(stroke)\" stroke-dasharray=\"4 3\"/>")
    }

    /// Where a text's x is.
    enum Anchor: String { case start, middle, end }

    /// - Parameters:
    ///   - y: of the baseline.
    ///   - halo: a color around the letters, for what they may cross.
    mutating func text(
        _ text: String, x: Double, y: Double, size: Double, fill: String, anchor: Anchor = .start, isBold: Bool = false,
        halo: String? = nil
    ) {
        let weight = isBold ? " font-weight=\"600\"" : "", place = anchor == .start ? "" : " text-anchor=\"\(anchor)\""
        let border = halo.map { " stroke=\"\($0)\" stroke-width=\"4\" paint-order=\"stroke\"" } ?? ""
        elements.append(
            "<text x=\"\(Self.text(x))\" y=\"\(Self.text(y))\" font-size=\"\(Self.text(size))\" "
                + "fill=\"\(fill)\"\(weight)\(place)\(border)>\(Self.escaped(text))</text>")
    }

    /// The file. It names fonts that systems have, and loads none.
    package var description: String {
        let size = "\(Self.text(width)) \(Self.text(height))"
        let fonts = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.text(width))" height="\(Self.text(height))" \
            viewBox="0 0 \(size)" font-family="\(fonts)" role="img">
            <title>\(Self.escaped(title))</title>
            \(elements.joined(separator: "\n"))
            </svg>

            """
    }

    /// At most two decimals.
    static func text(_ value: Double) -> String {
        let text = NumberText.fixed(value, decimals: 2)
        guard text.contains(".") else { return text }
        let short = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return String(short.reversed())
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            default: result.append(character)
            }
        }
    }
}
