public import ConcordLayers
public import ConcordTensors

/// Which tokens of a text are masked for a masked language model, and by what they are replaced.
///
/// A fraction of the maskable tokens, real ones that are not special, is chosen. Most of the chosen tokens are replaced
/// by `[MASK]`, some by a random token, and the rest stay as they are.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1. Random tokens are never special ones.
public struct Masking: Sendable, Hashable {
    /// The fraction of the maskable tokens that is chosen, in `0 ... 1`.
    public let fraction: Float
    /// The fractions of the chosen tokens that are replaced by `[MASK]`, and by a random token; their sum is at most 1.
    public let masked: Float, random: Float

    /// By id, whether a token continues the word before it (`Tokenizer.wordContinuations`): all tokens of a word are
    /// chosen together. Nil chooses tokens one by one.
    public let wordContinuations: [Bool]?
    /// Runs of words that are chosen together; nil chooses words or tokens by themselves.
    public let spans: Spans?
    /// How many masks a text has, of which each epoch draws one; nil for another mask in every epoch.
    public let duplicates: Int?

    /// 15 %; of these 80 % `[MASK]`, 10 % random, 10 % kept.
    public static let bert = Masking()

    /// - Parameters:
    ///   - fraction: of the maskable tokens that is chosen, in `0 ... 1`.
    ///   - masked, random: fractions of the chosen tokens that are replaced by `[MASK]` and by a random token; at most
    ///     1 in sum.
    ///   - wordContinuations: by id, whether a token continues the word before it: whole words are masked; nil: single
    ///     tokens.
    ///   - spans: runs of words, or of tokens without `wordContinuations`, that are chosen together.
    ///   - duplicates: masks of a text, which follow from its tokens: 1 is always the same (static masks), more are
    ///     drawn from in every epoch (BERT's copies of the data, 10 of them); nil: another mask in every epoch
    ///     (RoBERTa's dynamic masks).
    public init(
        fraction: Float = 0.15, masked: Float = 0.8, random: Float = 0.1, wordContinuations: [Bool]? = nil,
        spans: Spans? = nil, duplicates: Int? = nil
    ) {
        ShapeCheck.require((0...1).contains(fraction), "Masking", "fraction \(fraction) is not in 0 ... 1")
        ShapeCheck.require(
            masked >= 0 && random >= 0 && masked + random <= 1, "Masking",
            "fractions \(masked) masked and \(random) random of the chosen tokens")
        (self.fraction, self.masked, self.random) = (fraction, masked, random)
        ShapeCheck.require(duplicates ?? 1 > 0, "Masking", "\(duplicates ?? 0) masks of a text")
        self.wordContinuations = wordContinuations
        (self.spans, self.duplicates) = (spans, duplicates)
    }

    /// Texts with some of their tokens masked, a function of each text and its key alone.
    ///
    /// The number of a text's chosen tokens is `fraction` times its maskable ones, rounded up or down at random so that
    /// the fraction is right on average, and at least one where one is maskable. With `wordContinuations` words are
    /// drawn in random order as long as they fit `fraction` of all the text's real tokens, rounded, at least one; a
    /// word that does not fit is skipped, and where none fits the first one is taken. Replacements are drawn token by
    /// token; in spans, span by span.
    /// - Parameter keys: one a text.
    /// - Precondition: the vocabulary has a mask token if any is to be put in.
    public func callAsFunction(_ tokens: Tokens, vocabulary: Vocabulary, keys: [RandomKey]) -> MaskedTokens {
        ShapeCheck.require(keys.count == tokens.count, "Masking", "\(keys.count) keys for \(tokens.count) texts")
        let special = vocabulary.special, length = tokens.length
        let replacements = Replacements(self, vocabulary)
        let source = tokens.ids, mask = tokens.mask
        let ids = source.integerScalars, real = mask.bytes
        var replaced = ids
        var positions: [Int32] = [], targets: [Int32] = []
        for (text, key) in keys.enumerated() {
            var maskable = (text * length..<(text + 1) * length).filter { real[$0] != 0 && !special.contains(ids[$0]) }
            let key = duplicates.map { own(ids[text * length..<(text + 1) * length], real, key, of: $0) } ?? key
            var random = key.derived("mask").sequence
            if let spans {
                for span in chosen(spans, maskable, ids, using: &random) {
                    let choice = random.uniform()
                    for position in span {
                        replaced[position] = replacements.draw(for: ids[position], by: choice, using: &random)
                        positions.append(Int32(position))
                        targets.append(ids[position])
                    }
                }
                continue
            }
            if let wordContinuations {
                let length = (text * length..<(text + 1) * length).count { real[$0] != 0 }
                for position in words(maskable, ids, wordContinuations, length: length, using: &random) {
                    replaced[position] = replacements.draw(for: ids[position], using: &random)
                    positions.append(Int32(position))
                    targets.append(ids[position])
                }
                continue
            }
            let count = number(of: maskable.count, using: &random)
            for place in 0..<count { maskable.swapAt(place, place + random.integer(below: maskable.count - place)) }
            for position in maskable[..<count].sorted() {
                replaced[position] = replacements.draw(for: ids[position], using: &random)
                positions.append(Int32(position))
                targets.append(ids[position])
            }
        }
        return MaskedTokens(
            tokens: Tokens(ids: Tensor(replaced, shape: source.shape), mask: mask),
            positions: Tensor(positions, shape: [positions.count]),
            targets: Tensor(targets, shape: [targets.count]))
    }

    /// The positions of whole words, in order.
    /// - Source: Devlin et al.'s `create_pretraining_data.py`, `--do_whole_word_mask`. Deviation: a word is masked even
    ///   if none fits.
    private func words(
        _ maskable: [Int], _ ids: [Int32], _ continues: [Bool], length: Int,
        using random: inout RandomSequence
    ) -> [Int] {
        guard fraction > 0, !maskable.isEmpty else { return [] }
        var words = words(maskable, ids, continues)
        let budget = max(1, Int((Double(fraction) * Double(length)).rounded()))
        var chosen: [Int] = []
        for place in words.indices {
            words.swapAt(place, place + random.integer(below: words.count - place))
            if chosen.count + words[place].count <= budget { chosen += words[place] }
            if chosen.count >= budget { break }
        }
        return chosen.isEmpty ? words[0] : chosen.sorted()
    }

    /// The positions of every word, in order.
    func words(_ maskable: [Int], _ ids: [Int32], _ continues: [Bool]) -> [[Int]] {
        var words: [[Int]] = []
        for position in maskable {
            let id = Int(ids[position])
            if let previous = words.last?.last, previous == position - 1, continues.indices.contains(id), continues[id]
            {
                words[words.count - 1].append(position)
            } else {
                words.append([position])
            }
        }
        return words
    }

    private func number(of maskable: Int, using random: inout RandomSequence) -> Int {
        let wanted = Double(fraction) * Double(maskable), whole = Int(wanted)
        let isRoundedUp = Double(random.uniform()) < wanted - Double(whole)
        return fraction > 0 && maskable > 0 ? min(maskable, max(1, whole + (isRoundedUp ? 1 : 0))) : 0
    }
}

/// Draws the replacements of chosen tokens.
struct Replacements {
    private let masking: Masking
    private let mask: Int32
    private let special: Set<Int32>
    private let size: Int

    init(_ masking: Masking, _ vocabulary: Vocabulary) {
        ShapeCheck.require(
            vocabulary.mask != nil || masking.masked == 0, "Masking",
            "the vocabulary has no mask token; make one with a [MASK] in it")
        (self.masking, mask, special, size) = (masking, vocabulary.mask ?? 0, vocabulary.special, vocabulary.size)
    }

    func draw(for id: Int32, using random: inout RandomSequence) -> Int32 {
        draw(for: id, by: random.uniform(), using: &random)
    }

    /// - Parameter choice: in `[0, 1)`: by which the token is masked, replaced at random, or kept.
    func draw(for id: Int32, by choice: Float, using random: inout RandomSequence) -> Int32 {
        if choice < masking.masked { return mask }
        guard choice < masking.masked + masking.random, special.count < size else { return id }
        while true {
            let other = Int32(random.integer(below: size))
            if !special.contains(other) { return other }
        }
    }
}

/// Texts with masked tokens, and the original ones.
public struct MaskedTokens: Sendable {
    /// As the model sees them.
    public let tokens: Tokens
    /// int32 `[M]`: the chosen positions, indices into the N x T tokens.
    public let positions: Tensor
    /// int32 `[M]`: the original tokens at these positions.
    public let targets: Tensor

    /// - Parameters:
    ///   - tokens: as the model sees them, `[N, T]`.
    ///   - positions: int32 `[M]`, indices into the N x T tokens.
    ///   - targets: int32 `[M]`, the original tokens there.
    public init(tokens: Tokens, positions: Tensor, targets: Tensor) {
        ShapeCheck.require(
            positions.rank == 1 && positions.shape == targets.shape, "MaskedTokens",
            "positions \(positions.shape), targets \(targets.shape)")
        (self.tokens, self.positions, self.targets) = (tokens, positions, targets)
    }

    /// Number M of chosen tokens.
    public var count: Int { positions.count }
}
