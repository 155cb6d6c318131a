import CKernels

#if canImport(Glibc)
    import Glibc
#endif

/// The processes among which `Tensor.contrast` divides its rows: a communicator of a target above.
///
/// All of them call it with the same values. Each computes the logits of its rows and all columns; the statistics of
/// rows and columns are merged, and so the loss is whole on every rank. The backward pass gives what the rank's own rows
/// contribute, times the number of ranks: the **mean** over ranks is the gradient.
package protocol ContrastRanks: AnyObject, Sendable {
    var rank: Int { get }
    var count: Int { get }
    /// The sums over ranks, element by element, the same bits on all of them.
    func sum(_ values: [Double]) -> [Double]
    /// The largest over ranks, element by element.
    func largest(_ values: [Double]) -> [Double]
}

extension Tensor {
    /// The ranks among which the computation on this thread divides `n` rows; nil: it computes them all.
    static func contrastRanks(rows n: Int) -> (any ContrastRanks)? {
        guard let ranks = Context.current.communicator as? any ContrastRanks, n >= 2 * ranks.count else { return nil }
        return ranks
    }
}

extension ContrastRanks {
    /// This rank's rows of `n`.
    func rows(of n: Int) -> Range<Int> { rank * n / count..<(rank + 1) * n / count }

    /// Replaces each rank's statistics of its own logits, `[concord_contrast_planes, N]` each, by those of all ranks'.
    func merge(_ statistics: [Tensor], hardness: Float) {
        let sizes = statistics.map { $0.shape[1] }, total = sizes.reduce(0, +)
        var tops = [Double]()
        tops.reserveCapacity(2 * total)
        for plane in [0, 2] {
            for (tensor, n) in zip(statistics, sizes) {
                let from = tensor.float32Pointer + plane * n
                // Where the logits are not numbers, the sums say so.
                for i in 0..<n { tops.append(from[i].isNaN ? -.infinity : Double(from[i])) }
            }
        }
        tops = largest(tops)
        let planes = hardness > 0 ? [1, 3, 4, 5, 6] : [1, 3, 5, 6], beta = Double(hardness)
        var sums = [Double](repeating: 0, count: planes.count * total), first = 0
        for (tensor, n) in zip(statistics, sizes) {
            let from = tensor.float32Pointer
            for i in 0..<n {
                let p = Double(from[i]), q = Double(from[2 * n + i])
                let top = tops[first + i], negativeTop = tops[total + first + i]
                // Where no rank has one, the shift is of nothing.
                let below = p == top ? 0 : p - top, negativeBelow = q == negativeTop ? 0 : q - negativeTop
                for (place, plane) in planes.enumerated() {
                    let shift =
                        switch plane {
                        case 1: exp(below)
                        case 3: exp((1 + beta) * negativeBelow)
                        case 4: exp(beta * negativeBelow)
                        default: 1.0
                        }
                    sums[place * total + first + i] = Double(from[plane * n + i]) * shift
                }
                (from[i], from[2 * n + i]) = (Float(top), Float(negativeTop))
            }
            first += n
        }
        sums = sum(sums)
        first = 0
        for (tensor, n) in zip(statistics, sizes) {
            for (place, plane) in planes.enumerated() {
                let to = tensor.float32Pointer + plane * n
                for i in 0..<n { to[i] = Float(sums[place * total + first + i]) }
            }
            first += n
        }
    }
}
