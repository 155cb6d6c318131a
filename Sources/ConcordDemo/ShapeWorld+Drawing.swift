#if canImport(Glibc)
    import Glibc
#endif
import Concord

extension ShapeWorld {
    /// Side of the images in pixels.
    static let side = 64

    /// An image of a thing: no two renderings alike in background, exact place, size, tint and tilt.
    static func image(of thing: Thing, key: RandomKey) -> Image {
        var random = key.sequence
        let ground = Ground(random: &random)
        let tint = tint(of: thing.color, random: &random)
        let radius =
            Float(side) * [.small: 0.08, .medium: 0.13, .large: 0.19][thing.size, default: 0.1]
            * random.uniform(in: 0.93...1.07)
        let (column, row) = cell(of: thing.place)
        let x = Float(side) * (column + random.uniform(in: -0.03...0.03)),
            y = Float(side) * (row + random.uniform(in: -0.03...0.03))
        let tilt = random.uniform(in: -0.2...0.2)
        let (sine, cosine) = (sin(tilt), cos(tilt)), reach = radius * 1.5 + 1
        let samples: [Float] = [0.125, 0.375, 0.625, 0.875]
        var pixels: [UInt8] = []
        pixels.reserveCapacity(side * side * 3)
        for py in 0..<side {
            for px in 0..<side {
                var coverage: Float = 0  // of the pixel that the shape covers
                if abs(Float(px) - x) < reach && abs(Float(py) - y) < reach {
                    for dy in samples {
                        for dx in samples {
                            let u = (Float(px) + dx - x) / radius, v = (Float(py) + dy - y) / radius
                            if contains(thing.shape, u * cosine + v * sine, v * cosine - u * sine) {
                                coverage += 1 / 16
                            }
                        }
                    }
                }
                let back = ground.color(px, py)
                for channel in 0..<3 {
                    pixels.append(UInt8(min(max(back[channel] + (tint[channel] - back[channel]) * coverage, 0), 255)))
                }
            }
        }
        return Image(pixels: Tensor(pixels, shape: [side, side, 3]))
    }

    /// Whether a point lies in the shape of radius 1 around the origin, y downwards.
    private static func contains(_ shape: Shape, _ x: Float, _ y: Float) -> Bool {
        let r = (x * x + y * y).squareRoot()
        switch shape {
        case .circle: return r < 1
        case .square: return max(abs(x), abs(y)) < 0.88
        case .triangle: return y < 0.7 && y > -1 && abs(x) < (y + 1) * 0.62
        case .ring: return r < 1 && r > 0.55
        case .cross: return min(abs(x), abs(y)) < 0.28 && max(abs(x), abs(y)) < 1
        case .star:
            // Five points: the edge's distance swings between two radii five times a turn.
            let turn = (atan2(x, -y) / (2 * .pi) * 5 + 5).truncatingRemainder(dividingBy: 1)
            let along = abs(turn - 0.5) * 2  // 1 at a point, 0 between two
            let inner: Float = 0.42, half = Float.pi / 5
            let angle = (1 - along) * half
            // The straight edge from (1, angle 0) to (inner, angle half).
            let edge = inner * sin(half) / (inner * sin(half - angle) + sin(angle))
            return r < edge
        }
    }

    private static func cell(of place: Place) -> (Float, Float) {
        switch place {
        case .topLeft: (0.22, 0.22)
        case .top: (0.5, 0.22)
        case .topRight: (0.78, 0.22)
        case .left: (0.22, 0.5)
        case .middle: (0.5, 0.5)
        case .right: (0.78, 0.5)
        case .bottomLeft: (0.22, 0.78)
        case .bottom: (0.5, 0.78)
        case .bottomRight: (0.78, 0.78)
        }
    }

    private static func tint(of color: Color, random: inout RandomSequence) -> [Float] {
        let base: [Float] =
            switch color {
            case .red: [214, 38, 38]
            case .green: [44, 156, 60]
            case .blue: [38, 84, 214]
            case .yellow: [240, 214, 40]
            case .purple: [136, 52, 176]
            case .orange: [240, 130, 24]
            case .black: [24, 24, 26]
            case .white: [250, 250, 250]
            }
        return base.map { $0 + random.uniform(in: -10...10) }
    }

    /// A muted background: a color, a slope of light and a grain.
    private struct Ground {
        let base: [Float]
        let slopeX, slopeY: Float
        let grain: RandomKey

        init(random: inout RandomSequence) {
            let gray = random.uniform(in: 120...185)
            base = (0..<3).map { _ in gray + random.uniform(in: -14...14) }
            slopeX = random.uniform(in: -20...20)
            slopeY = random.uniform(in: -20...20)
            grain = random.nextKey()
        }

        func color(_ x: Int, _ y: Int) -> [Float] {
            let light = slopeX * (Float(x) / Float(side) - 0.5) + slopeY * (Float(y) / Float(side) - 0.5)
            let noise = Float(grain.derived(y * side + x).bits >> 56) / 255 * 10 - 5
            return base.map { $0 + light + noise }
        }
    }
}
