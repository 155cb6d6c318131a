import CKernels

/// Two sums for every channel over all rows of `[rows, C]`, cut in the same places whatever the number of threads.
struct ChannelSums {
    typealias Doubles = UnsafeMutablePointer<Double>

    private let storage: Storage
    private let channels: Int

    /// - Parameter body: adds the sums over a range of rows to two vectors of C.
    init(rows: Int, channels: Int, _ body: (_ rows: Range<Int>, _ first: Doubles, _ second: Doubles) -> Void) {
        let pieces = min(64, max(1, rows * channels / 4096))
        let partial = Storage(bytes: pieces * 2 * channels * MemoryLayout<Double>.stride)
        let sums = partial.base.assumingMemoryBound(to: Double.self)
        sums.update(repeating: 0, count: pieces * 2 * channels)
        Parallel.run(pieces, grain: max(1, pieces * Elementwise.grain / max(1, rows * channels))) { range in
            for piece in range {
                let at = sums + piece * 2 * channels
                body(rows * piece / pieces..<rows * (piece + 1) / pieces, at, at + channels)
            }
        }
        for piece in 1..<max(1, pieces) {
            let from = sums + piece * 2 * channels
            for i in 0..<2 * channels { sums[i] += from[i] }
        }
        storage = partial
        self.channels = channels
    }

    /// Valid as long as this value is.
    var first: Doubles { storage.base.assumingMemoryBound(to: Double.self) }
    var second: Doubles { first + channels }
}
