import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

@Suite struct MaskingTests {
    private let vocabulary = Vocabulary(size: 200, padding: 0, unknown: 1, start: 2, end: 3, mask: 4)

    /// Texts of many lengths, with start and end token and padding.
    private func tokens(_ count: Int, seed: UInt64 = 0) -> Tokens {
        var random = RandomKey(seed: seed).sequence
        let texts: [[Int32]] = (0..<count).map { text in
            let words: [Int32] = (0..<text % 31).map { _ in Int32(5 + random.integer(below: 195)) }
            return [2] + words + [3]
        }
        return Tokens(texts, length: 32, padding: 0)
    }

    private func keys(_ range: Range<Int>) -> [RandomKey] { range.map { RandomKey(seed: 9).derived($0) } }

    @Test func onlyRealTokensThatAreNotSpecialAreChosen() {
        let tokens = tokens(300), masked = Masking.bert(tokens, vocabulary: vocabulary, keys: keys(0..<300))
        let ids = tokens.ids.integerScalars, replaced = masked.tokens.ids.integerScalars, real = tokens.mask.bytes
        let chosen = Set(masked.positions.integerScalars.map(Int.init))
        #expect(chosen.count == masked.count)
        for (position, target) in zip(masked.positions.integerScalars, masked.targets.integerScalars) {
            #expect(ids[Int(position)] == target && target > 4 && real[Int(position)] == 1)
            #expect(replaced[Int(position)] >= 4)
        }
        for position in ids.indices where !chosen.contains(position) { #expect(ids[position] == replaced[position]) }
        for text in 0..<300 where text % 31 > 0 {
            #expect((text * 32..<(text + 1) * 32).contains { chosen.contains($0) }, "text \(text) has nothing to tell")
        }
    }

    @Test func fractionsAreBERTs() {
        let texts = [[Int32]](repeating: (0..<37).map { 5 + $0 }, count: 4000)  // 5.55 of 37 on average
        let tokens = Tokens(texts, length: 37, padding: 0),
            masked = Masking.bert(tokens, vocabulary: vocabulary, keys: keys(0..<4000))
        let fraction = Float(masked.count) / Float(4000 * 37)
        #expect(abs(fraction - 0.15) < 0.0006, "\(fraction)")
        let replaced = masked.tokens.ids.integerScalars
        var counts = (masked: 0, kept: 0, other: 0)
        for (position, target) in zip(masked.positions.integerScalars, masked.targets.integerScalars) {
            switch replaced[Int(position)] {
            case 4: counts.masked += 1
            case target: counts.kept += 1
            default: counts.other += 1
            }
        }
        let total = Float(masked.count)
        #expect(abs(Float(counts.masked) / total - 0.8) < 0.01)
        #expect(abs(Float(counts.kept) / total - 0.1005) < 0.008)
        #expect(abs(Float(counts.other) / total - 0.0995) < 0.008)
        var places = [Int](repeating: 0, count: 37)
        for position in masked.positions.integerScalars { places[Int(position) % 37] += 1 }
        #expect(places.allSatisfy { abs(Float($0) / 600 - 1) < 0.2 }, "every place is as likely: \(places)")
    }

    @Test func aTextsMasksFollowFromItsKeyAlone() {
        let all = tokens(12), order = [7, 3, 11, 0], keys = keys(0..<12)
        let whole = Masking.bert(all, vocabulary: vocabulary, keys: keys)
        func text(_ n: Int, _ x: Tensor) -> [Int32] { Array(x.integerScalars[n * 32..<(n + 1) * 32]) }
        let some = Tokens(
            ids: Tensor(order.flatMap { text($0, all.ids) }, shape: [4, 32]),
            mask: Tensor(order.flatMap { all.mask.bytes[$0 * 32..<($0 + 1) * 32] }, shape: [4, 32]))
        let part = Masking.bert(some, vocabulary: vocabulary, keys: order.map { keys[$0] })
        for (place, n) in order.enumerated() { #expect(text(place, part.tokens.ids) == text(n, whole.tokens.ids)) }
        let others = Masking.bert(all, vocabulary: vocabulary, keys: self.keys(100..<112))
        #expect(others.tokens.ids.integerScalars != whole.tokens.ids.integerScalars)
    }

    @Test func fractionsOfZeroAndOneAreExact() {
        let tokens = tokens(40)
        #expect(Masking(fraction: 0)(tokens, vocabulary: vocabulary, keys: keys(0..<40)).count == 0)
        let all = Masking(fraction: 1, masked: 1, random: 0)(tokens, vocabulary: vocabulary, keys: keys(0..<40))
        #expect(all.tokens.ids.integerScalars.allSatisfy { $0 <= 4 })
        #expect(all.count == (0..<40).reduce(0) { $0 + $1 % 31 })
    }
}
