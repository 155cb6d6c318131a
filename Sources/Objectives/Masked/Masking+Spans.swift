import ConcordLayers
package import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

extension Masking {
    /// Runs of words that are masked together (SpanBERT): their lengths are geometric.
    ///
    ///     P(length = l) ∝ p (1 - p)^(l - 1),   l in 1 ... longest
    ///
    /// - Source: Joshi et al. 2019, arXiv:1907.10529, section 3.1.
    public struct Spans: Sendable, Hashable {
        /// p, in `(0, 1]`; the mean length is 3.8 words at 0.2 and a longest of 10.
        public let probability: Float
        /// The longest run, in words.
        public let longest: Int

        /// - Parameters:
        ///   - probability: p, in `(0, 1]`.
        ///   - longest: words of the longest run, at least 1.
        public init(probability: Float = 0.2, longest: Int = 10) {
            ShapeCheck.require(
                probability > 0 && probability <= 1 && longest > 0, "Masking.Spans",
                "p \(probability), \(longest) words at most")
            (self.probability, self.longest) = (probability, longest)
        }

        /// A length in words.
        package func length(using random: inout RandomSequence) -> Int {
            let all = 1 - pow(Double(1 - probability), Double(longest))
            var left = Double(random.uniform()) * all
            for length in 1..<max(1, longest) {
                left -= Double(probability) * pow(Double(1 - probability), Double(length - 1))
                if left < 0 { return length }
            }
            return longest
        }
    }

    /// The positions of the chosen spans, in order; spans that overlap are one.
    ///
    /// A span starts with the word of a maskable token that is drawn uniformly and is not chosen yet, and is cut where
    /// `fraction` of the maskable tokens, rounded up, is reached.
    /// - Source: SpanBERT's `masking.py`, `PairWithSpanMaskingScheme`. Deviation: a span ends before a token that
    ///   cannot be masked.
    func chosen(_ spans: Spans, _ maskable: [Int], _ ids: [Int32], using random: inout RandomSequence) -> [[Int]] {
        guard fraction > 0, !maskable.isEmpty else { return [] }
        let words = words(maskable, ids, wordContinuations ?? [])
        let wordOf = words.indices.flatMap { word in words[word].map { _ in word } }
        let budget = min(maskable.count, Int((Double(fraction) * Double(maskable.count) - 1e-6).rounded(.up)))
        var isChosen: Set<Int> = [], found: [ClosedRange<Int>] = []
        while isChosen.count < budget {
            let length = spans.length(using: &random), anchor = random.integer(below: maskable.count)
            guard !isChosen.contains(maskable[anchor]) else { continue }
            let first = wordOf[anchor], start = words[first][0]
            var last = start
            words: for word in first..<min(words.count, first + length) {
                guard word == first || words[word][0] == last + 1 else { break }
                for position in words[word] {
                    guard isChosen.count < budget else { break words }
                    isChosen.insert(position)
                    last = position
                }
            }
            found.append(start...last)
        }
        var merged: [ClosedRange<Int>] = []
        for span in found.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let previous = merged.last, previous.upperBound >= span.lowerBound {
                merged[merged.count - 1] = previous.lowerBound...max(previous.upperBound, span.upperBound)
            } else {
                merged.append(span)
            }
        }
        return merged.map { $0.filter(isChosen.contains) }
    }

    /// The key of one of a text's own masks, which follows from its real tokens; the sample's key draws which one.
    func own(_ ids: ArraySlice<Int32>, _ real: [UInt8], _ key: RandomKey, of count: Int) -> RandomKey {
        var own = RandomKey(seed: 0).derived("static mask")
        for (place, id) in zip(ids.indices, ids) where real[place] != 0 { own = own.derived(Int(id)) }
        var draw = key.derived("duplicate").sequence
        return own.derived(count == 1 ? 0 : draw.integer(below: count))
    }
}
