import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Short videos of circles, squares and diamonds that move at constant velocity and bounce off the borders: data to try
/// next-frame prediction on, drawn when they are asked for.
///
/// ```swift
/// let videos = MovingShapes(size: 64, shapes: 3)
/// let frame = videos.frame(5, of: 17)                                   // the same each time
/// ```
///
/// Each video is a function of the seed and its number: how many shapes it has, which, their colors, sizes, places and
/// velocities. Shapes pass each other; the last one is in front.
public struct MovingShapes: Sendable {
    /// Side of a frame in pixels.
    public let size: Int
    /// The most shapes in a video, at least 1.
    public let shapes: Int
    /// The fastest shape, in pixels a frame; the slowest has a third of it.
    public let speed: Double
    /// Of all videos.
    public let seed: UInt64

    /// - Parameters:
    ///   - size: side of a frame in pixels, at least 8.
    ///   - shapes: the most shapes in a video, at least 1.
    ///   - speed: the fastest shape, in pixels a frame, above 0.
    public init(size: Int = 64, shapes: Int = 3, speed: Double = 4, seed: UInt64 = 0) {
        ShapeCheck.require(
            size >= 8 && shapes >= 1 && speed > 0, "MovingShapes", "size \(size), \(shapes) shapes, speed \(speed)")
        (self.size, self.shapes, self.speed, self.seed) = (size, shapes, speed, seed)
    }

    /// A frame of a video, `size` x `size`, on black.
    /// - Parameters:
    ///   - frame: its number, from 0; there is no last one.
    ///   - video: the video's number, from 0.
    public func frame(_ frame: Int, of video: Int) -> Image {
        var bytes = [UInt8](repeating: 0, count: 3 * size * size)
        for body in bodies(of: video) { body.draw(at: Double(frame), size, into: &bytes) }
        return Image(pixels: Tensor(bytes, shape: [size, size, 3]))
    }

    private func bodies(of video: Int) -> [Body] {
        var random = RandomKey(seed: seed).derived("moving shapes", video).sequence
        let side = Double(size)
        return (0..<1 + random.integer(below: shapes)).map { _ in
            let radius = side * Double(random.uniform(in: 0.08...0.16))
            let angle = 2 * Double.pi * Double(random.uniform()), fast = speed * Double(random.uniform(in: 0.333...1))
            var place: Double { radius + (side - 2 * radius) * Double(random.uniform()) }
            let (x, y) = (place, place)
            var color: UInt8 { UInt8(64 + random.integer(below: 192)) }
            return Body(
                form: Body.Form.allCases[random.integer(below: Body.Form.allCases.count)], radius: radius, x: x, y: y,
                dx: fast * cos(angle), dy: fast * sin(angle), color: (color, color, color))
        }
    }
}

/// A shape on its way.
private struct Body {
    enum Form: CaseIterable { case circle, square, diamond }

    let form: Form
    let radius, x, y, dx, dy: Double
    let color: (UInt8, UInt8, UInt8)

    /// Draws over what is there, with edges smoothed over a pixel.
    func draw(at time: Double, _ size: Int, into bytes: inout [UInt8]) {
        let cx = place(x + dx * time, size), cy = place(y + dy * time, size)
        let rows = max(0, Int(cy - radius - 1))...min(size - 1, Int(cy + radius + 1))
        let columns = max(0, Int(cx - radius - 1))...min(size - 1, Int(cx + radius + 1))
        for row in rows {
            for column in columns {
                let (u, v) = (abs(Double(column) + 0.5 - cx), abs(Double(row) + 0.5 - cy))
                let distance =
                    switch form {
                    case .circle: (u * u + v * v).squareRoot()
                    case .square: max(u, v) * 1.15
                    case .diamond: (u + v) * 0.8
                    }
                let cover = min(1, max(0, radius - distance + 0.5)), p = 3 * (row * size + column)
                guard cover > 0 else { continue }
                for (c, value) in [color.0, color.1, color.2].enumerated() {
                    bytes[p + c] = UInt8((Double(value) * cover + Double(bytes[p + c]) * (1 - cover)).rounded())
                }
            }
        }
    }

    /// A coordinate that is reflected at the borders.
    private func place(_ free: Double, _ size: Int) -> Double {
        let span = Double(size) - 2 * radius
        let phase = (free - radius).truncatingRemainder(dividingBy: 2 * span)
        let positive = phase < 0 ? phase + 2 * span : phase
        return radius + (positive < span ? positive : 2 * span - positive)
    }
}
