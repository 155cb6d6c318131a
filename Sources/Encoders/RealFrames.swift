import ConcordLayers
import ConcordTensors

/// Which frames of padded clips are real: the first few of each.
struct RealFrames {
    /// Real frames of each clip; `[N]`.
    let lengths: [Int]
    /// Padded length T.
    let steps: Int

    /// Nil where every frame is real.
    init?(_ lengths: [Int], of steps: Int) {
        guard lengths.contains(where: { $0 < steps }) else { return nil }
        (self.lengths, self.steps) = (lengths, steps)
    }

    /// `[N, T]`, uint8.
    var mask: Tensor {
        var bytes = [UInt8](repeating: 0, count: lengths.count * steps)
        for (n, length) in lengths.enumerated() {
            for t in n * steps..<n * steps + length { bytes[t] = 1 }
        }
        return Tensor(bytes, shape: [lengths.count, steps])
    }

    /// Places of the real ones among all, `[R]`.
    private var places: Tensor {
        let places = lengths.enumerated().flatMap { n, length in (n * steps..<n * steps + length).map { Int32($0) } }
        return Tensor(places, shape: [places.count])
    }

    /// The same with zeros for what is not real.
    func clearing(_ x: Tensor) -> Tensor { mask.expandingAxis(at: 2).selecting(x, otherwise: 0) }

    /// What `body` makes of the real frames alone, `[R, C]` to `[R, D]`; the others are zero.
    func packing(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        let places = places, count = lengths.count * steps
        let packed = body(x.reshaped([count, x.shape[2]]).gathered(at: places))
        return packed.scattered(at: places, size: count).reshaped([lengths.count, steps, -1])
    }

    /// What `body` makes of each clip's real frames, `[1, T', C]` to `[1, T', D]`; the others are zero.
    func perSequence(_ x: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        let clips = lengths.enumerated().map { n, length in
            body(x.sliced(n..<n + 1, axis: 0).sliced(0..<length, axis: 1)).padded([(0, 0), (0, steps - length), (0, 0)])
        }
        return Tensor.concatenated(clips, axis: 0)
    }
}
