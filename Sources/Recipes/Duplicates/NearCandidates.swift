import ConcordTensors

/// Pairs of vectors whose product is large, the best of each vector: found by matrix products, a block of rows at a
/// time.
struct NearCandidates {
    /// Two places and their similarity.
    struct Pair: Sendable {
        let a: Int, b: Int
        let similarity: Float
    }

    /// Each once, `a < b`.
    let pairs: [Pair]
    /// Vectors that had more partners than were taken.
    let cutCount: Int
    /// Partners of a vector, at most.
    let most: Int

    /// - Parameters:
    ///   - vectors: `[N, D]`, of length 1.
    ///   - trainCount: vectors of training items, which come first; two of the others are no pair.
    ///   - least: the similarity from which two are a pair.
    ///   - most: partners of a vector, at most: its most similar ones.
    init(_ vectors: Tensor, trainCount: Int, least: Float, most: Int) {
        var seen: Set<SIMD2<Int32>> = [], pairs: [Pair] = [], cutCount = 0
        Self.forEachRow(of: vectors) { row, similarities in
            var found: [(place: Int, similarity: Float)] = []
            let end = row < trainCount ? similarities.count : trainCount
            Self.scan(similarities, upTo: end, least) { place, similarity in
                if place != row { found.append((place, similarity)) }
            }
            if found.count > most {
                cutCount += 1
                found.sort { $0.similarity > $1.similarity }
                found.removeLast(found.count - most)
            }
            for (place, similarity) in found {
                let (a, b) = (min(row, place), max(row, place))
                if seen.insert(SIMD2(Int32(truncatingIfNeeded: a), Int32(truncatingIfNeeded: b))).inserted {
                    pairs.append(Pair(a: a, b: b, similarity: similarity))
                }
            }
        }
        self.init(pairs, cutCount: cutCount, most: most)
    }

    init(_ pairs: [Pair], cutCount: Int, most: Int) {
        self.pairs = pairs.sorted { ($0.a, $0.b) < ($1.a, $1.b) }
        (self.cutCount, self.most) = (cutCount, most)
    }

    /// Calls `body` with each row's products with all rows.
    static func forEachRow(of vectors: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void) {
        forEachRow(of: vectors, against: vectors, body)
    }

    /// Calls `body` with each row's products with all rows of others `[M, D]`.
    static func forEachRow(
        of vectors: Tensor, against others: Tensor, _ body: (Int, UnsafeBufferPointer<Float>) -> Void
    ) {
        let count = vectors.shape[0], width = others.shape[0]
        let block = max(1, min(1024, (1 << 25) / max(1, width)))  // at most 128 MiB of products
        for first in stride(from: 0, to: count, by: block) {
            let rows = vectors.sliced(first..<min(count, first + block), axis: 0)
            let products = rows.matmul(others, transposing: .right)  // [rows, M]
            for row in 0..<products.shape[0] {
                body(first + row, UnsafeBufferPointer(start: products.float32Pointer + row * width, count: width))
            }
        }
    }

    /// The places whose values reach `least`.
    private static func scan(
        _ values: UnsafeBufferPointer<Float>, upTo end: Int, _ least: Float, _ body: (Int, Float) -> Void
    ) {
        guard let base = values.baseAddress else { return }
        let raw = UnsafeRawPointer(base), limit = SIMD16<Float>(repeating: least)
        var place = 0
        while place + 16 <= end {
            let lane = raw.loadUnaligned(fromByteOffset: 4 * place, as: SIMD16<Float>.self)
            if any(lane .>= limit) {
                for k in place..<place + 16 where base[k] >= least { body(k, base[k]) }
            }
            place += 16
        }
        while place < end {
            if base[place] >= least { body(place, base[place]) }
            place += 1
        }
    }
}
