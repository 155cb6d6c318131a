import CKernels

/// Which old pixels each new one is made of along one axis, and with what weights.
struct Resampling {
    /// Places for the weights of a new pixel; its `counts` says how many are used.
    let taps: Int
    /// The first old pixel of each new one, and how many count.
    private(set) var first: [Int32], counts: [Int32]
    /// `[new][taps]`, fixed point.
    private(set) var weights: [Int32]
    /// Nothing to do: the same pixels.
    let isIdentity: Bool

    /// - Parameters:
    ///   - size: old pixels.
    ///   - start: the edge where the first new pixel begins, in old pixels; `end` where the last one stops.
    ///   - count: new pixels.
    init(from size: Int, _ start: Float, _ end: Float, to count: Int, _ filter: Image.Filter) {
        let scale = Double(end - start) / Double(count), stretch = max(1, scale), support = filter.support * stretch
        taps = Int(support.rounded(.up)) * 2 + 1
        isIdentity = size == count && start == 0 && end == Float(size)
        first = []
        counts = []
        weights = [Int32](repeating: 0, count: count * taps)
        first.reserveCapacity(count)
        counts.reserveCapacity(count)
        withUnsafeTemporaryAllocation(of: Double.self, capacity: taps) { values in
            for i in 0..<count {
                let center = Double(start) + (Double(i) + 0.5) * scale
                let low = max(0, Int(center - support + 0.5)), high = min(size, Int(center + support + 0.5))
                var sum = 0.0
                for place in low..<high {
                    values[place - low] = filter.weight((Double(place) - center + 0.5) * (1 / stretch))
                    sum += values[place - low]
                }
                for t in 0..<high - low {
                    let weight = (sum == 0 ? values[t] : values[t] / sum) * Double(1 << CONCORD_RESAMPLE_BITS)
                    weights[i * taps + t] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
                }
                first.append(Int32(low))
                counts.append(Int32(high - low))
            }
        }
    }

    /// The old pixels that are used at all.
    var reach: Range<Int> {
        guard let low = first.first, let high = first.last, let count = counts.last else { return 0..<0 }
        return Int(low)..<Int(high + count)
    }

    /// Calls `body` with the tables as the kernels take them.
    func withTables(_ body: (concord_resampling) -> Void) {
        first.withUnsafeBufferPointer { first in
            counts.withUnsafeBufferPointer { counts in
                weights.withUnsafeBufferPointer { weights in
                    body(
                        concord_resampling(
                            count: first.count, first: first.baseAddress, counts: counts.baseAddress,
                            weights: weights.baseAddress,
                            taps: taps))
                }
            }
        }
    }
}
