import ConcordLayers
import ConcordObjectives
import ConcordTensors
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Masks of runs of words, and masks that return.
@Suite struct SpanMaskingTests {
    private let vocabulary = Vocabulary(size: 200, padding: 0, unknown: 1, start: 2, end: 3, mask: 4)
    /// Ids from 100 continue words.
    private let continues = (0..<200).map { $0 >= 100 }

    /// Texts of 60 words of one to three tokens between start and end; token `t` of text `n` is unlike its neighbors.
    private func texts(_ count: Int) -> Tokens {
        var random = RandomKey(seed: 5).sequence
        var texts: [[Int32]] = []
        for _ in 0..<count {
            var ids: [Int32] = [2]
            for _ in 0..<60 {
                ids.append(Int32(5 + random.integer(below: 95)))
                for _ in 0..<random.integer(below: 3) { ids.append(Int32(100 + random.integer(below: 100))) }
            }
            texts.append(ids + [3])
        }
        return Tokens(texts, length: 192, padding: 0)
    }

    private func keys(_ count: Int, seed: UInt64 = 9) -> [RandomKey] {
        (0..<count).map { RandomKey(seed: seed).derived($0) }
    }

    @Test func spansStartWithWordsAndFillTheBudgetExactly() {
        let tokens = texts(300), ids = tokens.ids.integerScalars
        let masking = Masking(wordContinuations: continues, spans: .init())
        let masked = masking(tokens, vocabulary: vocabulary, keys: keys(300))
        let places = masked.positions.integerScalars.map { Int($0) }, chosen = Set(places)
        #expect(places == places.sorted() && chosen.count == places.count)
        for text in 0..<300 {
            let maskable = (text * 192..<(text + 1) * 192).filter { ids[$0] > 4 }
            let own = maskable.filter { chosen.contains($0) }
            #expect(own.count == Int((0.15 * Double(maskable.count) - 1e-6).rounded(.up)))
            for place in own where !chosen.contains(place - 1) { #expect(ids[place] < 100, "a span starts in a word") }
        }
        for (place, target) in zip(places, masked.targets.integerScalars) { #expect(ids[place] == target) }
    }

    /// P(l) of 1 ... 10 in proportion to 0.8^(l - 1), whose mean is 3.797.
    @Test func lengthsAreGeometric() {
        var random = RandomKey(seed: 3).sequence, counts = [Int](repeating: 0, count: 12)
        let spans = Masking.Spans()
        for _ in 0..<100_000 { counts[spans.length(using: &random)] += 1 }
        #expect(counts[0] == 0 && counts[11] == 0)
        let sum = (0..<10).reduce(0.0) { $0 + pow(0.8, Double($1)) }
        for length in 1...10 {
            let expected = pow(0.8, Double(length - 1)) / sum
            #expect(abs(Double(counts[length]) / 100_000 - expected) < 0.006, "\(length)")
        }
        let mean = counts.indices.reduce(0) { $0 + $1 * counts[$1] }
        #expect(abs(Double(mean) / 100_000 - 3.797) < 0.03)
        #expect(Masking.Spans(probability: 1, longest: 10).length(using: &random) == 1)
    }

    /// Tokens of spans are each other's neighbors, single ones are not.
    @Test func spansAreRuns() {
        let text = (0..<100).map { Int32(5 + $0) }
        let tokens = Tokens([[Int32]](repeating: text, count: 400), length: 100, padding: 0)
        func run(_ spans: Masking.Spans?) -> Double {
            let masking = Masking(fraction: 0.1, spans: spans)
            let places = masking(tokens, vocabulary: vocabulary, keys: keys(400)).positions.integerScalars
            #expect(places.count == 4000)
            return 4000 / Double(zip(places, places.dropFirst()).count { $1 != $0 + 1 } + 1)
        }
        #expect(run(nil) < 1.2 && run(.init()) > 2.5)
    }

    /// A span is masked, replaced at random or kept as a whole, in 80, 10 and 10 % of spans.
    @Test func replacementsAreDrawnSpanBySpan() {
        let tokens = texts(1500), ids = tokens.ids.integerScalars
        let masking = Masking(wordContinuations: continues, spans: .init())
        let masked = masking(tokens, vocabulary: vocabulary, keys: keys(1500))
        let seen = masked.tokens.ids.integerScalars, places = masked.positions.integerScalars.map { Int($0) }
        var spans: [[Int]] = []
        for place in places {
            if let last = spans.last?.last, last == place - 1 { spans[spans.count - 1].append(place) } else {
                spans.append([place])
            }
        }
        // Neighboring spans of different fates make some runs mixed; most are of one kind.
        var counts = (masked: 0, kept: 0, mixed: 0)
        for span in spans where span.count > 1 {
            let hidden = span.count { seen[$0] == 4 }, kept = span.count { seen[$0] == ids[$0] }
            if hidden == span.count { counts.masked += 1 }
            if kept == span.count { counts.kept += 1 }
            if hidden > 0 && hidden < span.count { counts.mixed += 1 }
        }
        let all = Double(spans.count { $0.count > 1 })
        #expect(Double(counts.mixed) / all < 0.12, "\(counts) of \(all)")
        #expect(abs(Double(counts.masked) / all - 0.77) < 0.05, "\(counts) of \(all)")
        #expect(abs(Double(counts.kept) / all - 0.09) < 0.03, "\(counts) of \(all)")
    }

    @Test(arguments: [nil, Masking.Spans()]) func staticMasksFollowFromTheTextAlone(spans: Masking.Spans?) {
        let tokens = texts(20), masking = Masking(spans: spans, duplicates: 1)
        let first = masking(tokens, vocabulary: vocabulary, keys: keys(20))
        let second = masking(tokens, vocabulary: vocabulary, keys: keys(20, seed: 10))
        #expect(first.tokens.ids.integerScalars == second.tokens.ids.integerScalars)
        #expect(first.positions.integerScalars == second.positions.integerScalars)
        let row = masking(tokens.rows(in: 7..<8), vocabulary: vocabulary, keys: keys(1))
        #expect(row.tokens.ids.integerScalars == Array(first.tokens.ids.integerScalars[7 * 192..<8 * 192]))
        // Another padding of the same text has the same masks.
        let short = Tokens([[2, 9, 10, 11, 12, 13, 14, 3]], length: 8, padding: 0)
        let long = Tokens([[2, 9, 10, 11, 12, 13, 14, 3]], length: 20, padding: 0)
        #expect(
            masking(short, vocabulary: vocabulary, keys: keys(1)).positions.integerScalars
                == masking(long, vocabulary: vocabulary, keys: keys(1, seed: 3)).positions.integerScalars)
    }

    @Test func ofSeveralMasksEachEpochDrawsOne() {
        let tokens = texts(1), masking = Masking(duplicates: 4)
        let masks = (0..<200).map { epoch in
            masking(tokens, vocabulary: vocabulary, keys: keys(1, seed: UInt64(epoch))).tokens.ids.integerScalars
        }
        let counts = Dictionary(grouping: masks) { $0 }.values.map(\.count)
        #expect(counts.count == 4 && counts.allSatisfy { $0 > 25 }, "\(counts)")
        let dynamic = (0..<200).map { epoch in
            Masking.bert(tokens, vocabulary: vocabulary, keys: keys(1, seed: UInt64(epoch))).tokens.ids.integerScalars
        }
        #expect(Set(dynamic).count == 200)
    }
}
