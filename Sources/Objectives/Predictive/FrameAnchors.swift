import ConcordTensors

/// The frames of a batch of sequences that have so many real frames after them.
struct FrameAnchors {
    /// Places in N x T, in order.
    let places: [Int]
    /// How many of them each sequence has.
    let counts: [Int]

    /// - Parameters:
    ///   - mask: `[N, T]`, uint8; all frames are real where nil.
    ///   - ahead: real frames wanted after each, without a gap.
    init(sequences: Int, steps: Int, mask: Tensor?, ahead: Int) {
        if let mask {
            ShapeCheck.require(
                mask.shape == [sequences, steps], "frames", "mask \(mask.shape) of [\(sequences), \(steps)] frames")
        }
        var places: [Int] = [], counts: [Int] = []
        let real = mask?.bytes
        for n in 0..<sequences {
            let before = places.count
            var run = 0, found: [Int] = []
            for t in (0..<steps).reversed() {
                run = real.map { $0[n * steps + t] != 0 } ?? true ? run + 1 : 0
                if run > ahead { found.append(n * steps + t) }
            }
            places += found.reversed()
            counts.append(places.count - before)
        }
        (self.places, self.counts) = (places, counts)
    }

    /// The frames so many steps after each, int32 `[R]`.
    func ahead(by steps: Int) -> Tensor { Tensor(places.map { Int32($0 + steps) }, shape: [places.count]) }
}
