#if canImport(Glibc)
    import Glibc
#endif
import Concord

extension ShapeWorld {
    /// Samples a second of the sounds.
    static let rate = 8000

    /// The sound of a thing, 0.6 s: its color is the pitch, its shape the timbre, its size the duration, its row a
    /// glide up or down and its column an envelope that fades, stays or swells. No two renderings alike in exact pitch,
    /// start, loudness and hiss.
    static func sound(of thing: Thing, key: RandomKey) -> Audio {
        var random = key.sequence
        let pitch =
            280 * exp2(0.25 * Float(Color.allCases.firstIndex(of: thing.color) ?? 0))
            * random.uniform(in: 0.985...1.015)
        let seconds =
            [.small: 0.2, .medium: 0.34, .large: 0.5][thing.size, default: Float(0.34)]
            * random.uniform(in: 0.95...1.05)
        let start = Int(random.uniform(in: 0...0.04) * Float(rate)), length = Int(seconds * Float(rate))
        let (column, row) = courses(of: thing.place)
        let loudness = random.uniform(in: 0.35...0.55), hiss = random.uniform(in: 0.002...0.01)
        var phase = random.uniform(), samples = [Float](repeating: 0, count: rate * 6 / 10)
        for i in samples.indices {
            samples[i] = hiss * (2 * random.uniform() - 1)
            guard i >= start, i < start + length else { continue }
            let course = Float(i - start) / Float(length)  // 0 at the tone's start, 1 at its end
            phase += pitch * exp2(row * 0.3 * (course - 0.5)) / Float(rate)
            let edge = min(1, min(Float(i - start), Float(start + length - i)) / (0.008 * Float(rate)))
            let envelope = column == 0 ? 1 : column < 0 ? exp(-3 * course) : exp(-3 * (1 - course))
            samples[i] +=
                loudness * edge * envelope * timbre(of: thing.shape, at: phase, second: Float(i - start) / Float(rate))
        }
        return Audio(samples, rate: rate)
    }

    /// A wave of period 1, within ±1.
    private static func timbre(of shape: Shape, at phase: Float, second: Float) -> Float {
        let turn = 2 * Float.pi * (phase - phase.rounded(.down))
        switch shape {
        case .circle: return sin(turn)
        case .square: return 0.7 * (sin(turn) + sin(3 * turn) / 3 + sin(5 * turn) / 5)
        case .triangle: return 0.6 * (sin(turn) + sin(2 * turn) / 2 + sin(3 * turn) / 3 + sin(4 * turn) / 4)
        case .star: return sin(turn + 2 * sin(2 * Float.pi * 1.41 * phase))  // two-operator FM: a bell
        case .ring: return sin(turn) * (0.5 + 0.5 * sin(2 * Float.pi * 35 * second))
        case .cross: return 0.5 * (sin(turn) + sin(2 * Float.pi * 1.5 * phase))
        }
    }

    /// Left to right and bottom to top, each -1, 0 or 1.
    private static func courses(of place: Place) -> (column: Float, row: Float) {
        switch place {
        case .topLeft: (-1, 1)
        case .top: (0, 1)
        case .topRight: (1, 1)
        case .left: (-1, 0)
        case .middle: (0, 0)
        case .right: (1, 0)
        case .bottomLeft: (-1, -1)
        case .bottom: (0, -1)
        case .bottomRight: (1, -1)
        }
    }
}
