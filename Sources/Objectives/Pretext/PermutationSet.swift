import ConcordTensors

/// Some permutations of few places that differ in as many places as possible: the classes of a jigsaw puzzle.
///
/// Chosen greedily: the first is the identity, and each next one has the largest least Hamming distance to those before
/// it, then the largest sum of distances, then comes first in lexicographic order. The same on every machine.
/// - Source: Noroozi, Favaro 2016, arXiv:1603.09246, algorithm 1. Deviations: theirs starts at random and takes the
///   largest mean distance alone, which lets permutations be close to each other (3 of 9 places for their 701).
public struct PermutationSet: Sendable, Hashable {
    /// Number of permutations.
    public let count: Int
    /// Number of places.
    public let length: Int
    private let places: [UInt8]

    /// - Parameters:
    ///   - count: how many; at most `length!`.
    ///   - length: of places, 2 to 9.
    public init(_ count: Int, of length: Int) {
        let most = (2...9).contains(length) ? (1...length).reduce(1, *) : 0
        ShapeCheck.require(
            count > 0 && count <= most, "PermutationSet", "\(count) permutations of \(length) places; \(most) at most")
        let all = Self.all(length)
        var least = [UInt8](repeating: UInt8(length), count: all.count)
        var sums = [Int32](repeating: 0, count: all.count)
        var chosen = [0]
        while chosen.count < count {
            let last = all[chosen[chosen.count - 1]]
            var best = 0
            for index in all.indices {
                let distance = Self.distance(all[index], last)
                least[index] = min(least[index], UInt8(distance))
                sums[index] += Int32(distance)
                if (least[index], sums[index]) > (least[best], sums[best]) { best = index }
            }
            chosen.append(best)
        }
        places = chosen.flatMap { index in (0..<length).map { UInt8(all[index] >> (4 * UInt64($0)) & 15) } }
        (self.count, self.length) = (count, length)
    }

    /// A permutation: the place that each place's content comes from.
    public subscript(index: Int) -> [Int] { places[index * length..<(index + 1) * length].map { Int($0) } }

    /// In how many places two permutations differ.
    private static func distance(_ a: UInt64, _ b: UInt64) -> Int {
        let x = a ^ b
        return ((x | x >> 1 | x >> 2 | x >> 3) & 0x1111_1111_1111_1111).nonzeroBitCount
    }

    /// All permutations in lexicographic order, four bits a place, the first place lowest.
    private static func all(_ length: Int) -> [UInt64] {
        var all: [UInt64] = []
        func extend(_ packed: UInt64, _ place: Int, _ used: Int) {
            guard place < length else { return all.append(packed) }
            for value in 0..<length where used & 1 << value == 0 {
                extend(packed | UInt64(value) << (4 * UInt64(place)), place + 1, used | 1 << value)
            }
        }
        extend(0, 0, 0)
        return all
    }
}
