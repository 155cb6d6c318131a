/// A small world of things to look at and to talk about: every image shows one thing of some color, shape, size and
/// place, and its caption says so. The demo trains on most combinations and is asked about the others.
struct ShapeWorld {
    enum Color: String, CaseIterable {
        case red, green, blue, yellow, purple, orange, black, white
    }

    enum Shape: String, CaseIterable {
        case circle, square, triangle, star, ring, cross
    }

    enum Size: String, CaseIterable {
        case small, medium, large
    }

    enum Place: String, CaseIterable {
        case topLeft = "at the top left", top = "at the top", topRight = "at the top right"
        case left = "on the left", middle = "in the middle", right = "on the right"
        case bottomLeft = "at the bottom left", bottom = "at the bottom", bottomRight = "at the bottom right"
    }

    /// One combination.
    struct Thing: Hashable {
        let color: Color
        let shape: Shape
        let size: Size
        let place: Place

        var caption: String { "a \(size.rawValue) \(color.rawValue) \(shape.rawValue) \(place.rawValue)" }

        /// `small-red-star-top-left`.
        var slug: String {
            "\(size.rawValue)-\(color.rawValue)-\(shape.rawValue)-"
                + place.rawValue.split(separator: " ").filter { !["at", "the", "on", "in"].contains($0) }.joined(
                    separator: "-")
        }
    }

    /// All 1296 combinations.
    static let things: [Thing] = Size.allCases.flatMap { size in
        Color.allCases.flatMap { color in
            Shape.allCases.flatMap { shape in
                Place.allCases.map { Thing(color: color, shape: shape, size: size, place: $0) }
            }
        }
    }
}
