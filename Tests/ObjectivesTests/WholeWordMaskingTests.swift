import ConcordLayers
import ConcordObjectives
import ConcordTensors
import Testing

@Suite struct WholeWordMaskingTests {
    private let vocabulary = Vocabulary(size: 200, padding: 0, unknown: 1, start: 2, end: 3, mask: 4)
    /// Ids from 100 continue words.
    private let continues = (0..<200).map { $0 >= 100 }
    private var masking: Masking { Masking(wordContinuations: continues) }

    /// Texts of 38 words with one to three tokens each, and the words' places.
    private func texts(_ count: Int) -> (tokens: Tokens, words: [[[Int]]]) {
        var random = RandomKey(seed: 5).sequence
        var texts: [[Int32]] = [], words: [[[Int]]] = []
        for _ in 0..<count {
            var ids: [Int32] = [2], places: [[Int]] = []
            for _ in 0..<38 {
                let pieces = 1 + random.integer(below: 3)
                places.append(Array(ids.count..<ids.count + pieces))
                ids.append(Int32(5 + random.integer(below: 95)))
                for _ in 1..<pieces { ids.append(Int32(100 + random.integer(below: 100))) }
            }
            texts.append(ids + [3])
            words.append(places)
        }
        return (Tokens(texts, length: 128, padding: 0), words)
    }

    private func keys(_ count: Int) -> [RandomKey] { (0..<count).map { RandomKey(seed: 9).derived($0) } }

    @Test func wordsAreNeverSplitAndTheFractionIsThatOfAllRealTokens() {
        let (tokens, words) = texts(400), masked = masking(tokens, vocabulary: vocabulary, keys: keys(400))
        let chosen = Set(masked.positions.integerScalars.map(Int.init))
        var budget = 0
        for (text, places) in words.enumerated() {
            let real = 2 + places.reduce(0) { $0 + $1.count }, wanted = Int((0.15 * Double(real)).rounded())
            var count = 0
            for word in places {
                let hits = word.count { chosen.contains(text * 128 + $0) }
                #expect(hits == 0 || hits == word.count, "text \(text): \(hits) of the \(word.count) tokens of a word")
                count += hits
            }
            #expect(count <= wanted)
            budget += wanted
        }
        #expect(Double(chosen.count) > 0.97 * Double(budget) && chosen.count <= budget)
        #expect(masked.positions.integerScalars == masked.positions.integerScalars.sorted())
    }

    @Test func replacementsAreDrawnTokenByToken() {
        let (tokens, _) = texts(1500), masked = masking(tokens, vocabulary: vocabulary, keys: keys(1500))
        let hidden = masked.tokens.ids.integerScalars
        var counts = (masked: 0, kept: 0)
        for (position, target) in zip(masked.positions.integerScalars, masked.targets.integerScalars) {
            if hidden[Int(position)] == 4 {
                counts.masked += 1
            } else if hidden[Int(position)] == target {
                counts.kept += 1
            }
        }
        #expect(abs(Double(counts.masked) / Double(masked.count) - 0.8) < 0.012)
        #expect(abs(Double(counts.kept) / Double(masked.count) - 0.1005) < 0.01)
    }

    @Test func aWordThatFitsNoBudgetIsMaskedAllTheSame() {
        let tokens = Tokens([[2, 9, 101, 102, 103, 3], [2, 1, 101, 3, 0, 0]], length: 6, padding: 0)
        let masked = masking(tokens, vocabulary: vocabulary, keys: keys(2))
        // A piece after an unknown word starts a word of its own.
        #expect(masked.positions.integerScalars == [1, 2, 3, 4, 8])
        #expect(masked.targets.integerScalars == [9, 101, 102, 103, 101])
    }

    @Test func aTextsMasksFollowFromItsKeyAlone() {
        let (tokens, _) = texts(6), whole = masking(tokens, vocabulary: vocabulary, keys: keys(6))
        let row = Tokens(
            ids: Tensor(Array(tokens.ids.integerScalars[384..<512]), shape: [1, 128]),
            mask: Tensor(Array(tokens.mask.bytes[384..<512]), shape: [1, 128]))
        let one = masking(row, vocabulary: vocabulary, keys: [keys(6)[3]])
        #expect(one.tokens.ids.integerScalars == Array(whole.tokens.ids.integerScalars[384..<512]))
    }
}
