public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// Adds a vector for its place to every step of a sequence.
public final class PositionalEmbedding: Module {
    /// Where the vectors come from.
    public enum Form: Sendable {
        /// A trained table.
        case learned(Initializer)
        /// Fixed waves of lengths from 2π to 10000 · 2π.
        case sinusoidal
    }

    /// The trained table `[T, C]`; it is stored under the embedding's own name.
    public let table: Parameter?
    private let waves: Tensor?
    /// The longest sequence.
    public let length: Int

    public var checkpointNames: [String: String] { ["table": ""] }

    /// - Parameters:
    ///   - length: the longest sequence T.
    ///   - form: trained from 0.01 N(0, 1) by default.
    public init(_ length: Int, _ size: Int, form: Form = .learned(.normal(std: 0.01))) {
        self.length = length
        switch form {
        case .learned(let initializer): (table, waves) = (Parameter([length, size], initializer), nil)
        case .sinusoidal: (table, waves) = (nil, Self.waves(length, size))
        }
    }

    /// - Parameter x: `[N, T, C]`, T at most `length`.
    /// - Returns: `[N, T, C]`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        ShapeCheck.rank(x, 3, "[N, T, C]", in: "PositionalEmbedding")
        let steps = x.shape[1]
        ShapeCheck.require(
            steps <= length, "PositionalEmbedding", "a sequence of \(steps) steps, the table has \(length)")
        guard let positions = table?.value ?? waves else { return x }
        return x + (steps == length ? positions : positions.sliced(0..<steps, axis: 0))
    }

    /// `[t, 2i] = sin(t / 10000^(2i / C))`, `[t, 2i + 1]` the cosine of the same.
    /// - Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
    private static func waves(_ length: Int, _ size: Int) -> Tensor {
        var scalars = [Float](repeating: 0, count: length * size)
        for t in 0..<length {
            for c in 0..<size {
                let angle = Double(t) * pow(10000, -Double(c - c % 2) / Double(size))
                scalars[t * size + c] = Float(c % 2 == 0 ? sin(angle) : cos(angle))
            }
        }
        return Tensor(scalars, shape: [length, size])
    }
}
