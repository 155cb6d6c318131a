public import ConcordLayers
public import ConcordTensors

/// Which tokens of a text are hidden from a masked language model, and what stands in their place.
///
/// A share of the maskable tokens is chosen: real ones that are not special. Of the chosen ones most are replaced by
/// `[MASK]`, some by a random token, and the rest stay as they are.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, section 3.1. Random tokens are never special ones.
public struct Masking: Sendable, Hashable {
    /// Of the maskable tokens, in `0 ... 1`.
    public let share: Float
    /// Of the chosen tokens: replaced by `[MASK]`, and by a random token.
    public let masked: Float, random: Float

    /// By id, whether a token continues the word before it (`Tokenizer.wordContinuations`): all tokens of a word are
    /// chosen together. Nil chooses tokens one by one.
    public let wordContinuations: [Bool]?

    /// 15 %; of these 80 % `[MASK]`, 10 % random, 10 % kept.
    public static let bert = Masking()

    public init(share: Float = 0.15, masked: Float = 0.8, random: Float = 0.1, wordContinuations: [Bool]? = nil) {
        ShapeCheck.require((0...1).contains(share), "Masking", "share \(share) is not in 0 ... 1")
        ShapeCheck.require(
            masked >= 0 && random >= 0 && masked + random <= 1, "Masking",
            "shares \(masked) masked and \(random) random of the chosen tokens")
        (self.share, self.masked, self.random) = (share, masked, random)
        self.wordContinuations = wordContinuations
    }

    /// Texts with some of their tokens hidden, a function of each text's key alone.
    ///
    /// A text's number of chosen tokens is its share of them, rounded up or down at random so that the share is right
    /// on average, and at least one where one is maskable. With `wordContinuations` words are drawn in random order as
    /// long as they fit `share` of all the text's real tokens, rounded, at least one; a word that does not fit is
    /// passed over, and where none fits the first one is taken. What replaces a token is drawn token by token.
    /// - Parameter keys: one a text.
    /// - Precondition: the vocabulary has a mask token if any is to be put in.
    public func callAsFunction(_ tokens: Tokens, vocabulary: Vocabulary, keys: [RandomKey]) -> MaskedTokens {
        ShapeCheck.require(keys.count == tokens.count, "Masking", "\(keys.count) keys for \(tokens.count) texts")
        let special = vocabulary.special, length = tokens.length
        let replacements = Replacements(self, vocabulary)
        let source = tokens.ids, mask = tokens.mask
        let ids = source.int32Pointer, real = mask.uint8Pointer
        var hidden = source.integerScalars
        var positions: [Int32] = [], targets: [Int32] = []
        for (text, key) in keys.enumerated() {
            var maskable = (text * length..<(text + 1) * length).filter { real[$0] != 0 && !special.contains(ids[$0]) }
            var random = key.derived("mask").sequence
            if let wordContinuations {
                let length = (text * length..<(text + 1) * length).count { real[$0] != 0 }
                for position in words(maskable, ids, wordContinuations, length: length, using: &random) {
                    hidden[position] = replacements.draw(for: ids[position], using: &random)
                    positions.append(Int32(position))
                    targets.append(ids[position])
                }
                continue
            }
            let count = number(of: maskable.count, using: &random)
            for place in 0..<count { maskable.swapAt(place, place + random.integer(below: maskable.count - place)) }
            for position in maskable[..<count].sorted() {
                hidden[position] = replacements.draw(for: ids[position], using: &random)
                positions.append(Int32(position))
                targets.append(ids[position])
            }
        }
        return MaskedTokens(
            tokens: Tokens(ids: Tensor(hidden, shape: source.shape), mask: mask),
            positions: Tensor(positions, shape: [positions.count]),
            targets: Tensor(targets, shape: [targets.count]))
    }

    /// The places of whole words, in order.
    /// - Source: Devlin et al.'s `create_pretraining_data.py`, `--do_whole_word_mask`. Deviation: a word is masked even
    ///   if none fits.
    private func words(
        _ maskable: [Int], _ ids: UnsafeMutablePointer<Int32>, _ continues: [Bool], length: Int,
        using random: inout RandomSequence
    ) -> [Int] {
        guard share > 0, !maskable.isEmpty else { return [] }
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
        let budget = max(1, Int((Double(share) * Double(length)).rounded()))
        var chosen: [Int] = []
        for place in words.indices {
            words.swapAt(place, place + random.integer(below: words.count - place))
            if chosen.count + words[place].count <= budget { chosen += words[place] }
            if chosen.count >= budget { break }
        }
        return chosen.isEmpty ? words[0] : chosen.sorted()
    }

    private func number(of maskable: Int, using random: inout RandomSequence) -> Int {
        let wanted = Double(share) * Double(maskable), whole = Int(wanted)
        let isRoundedUp = Double(random.uniform()) < wanted - Double(whole)
        return share > 0 && maskable > 0 ? min(maskable, max(1, whole + (isRoundedUp ? 1 : 0))) : 0
    }
}

/// What stands in a chosen token's place.
private struct Replacements {
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
        let choice = random.uniform()
        if choice < masking.masked { return mask }
        guard choice < masking.masked + masking.random, special.count < size else { return id }
        while true {
            let other = Int32(random.integer(below: size))
            if !special.contains(other) { return other }
        }
    }
}

/// Texts with hidden tokens, and what was there.
public struct MaskedTokens: Sendable {
    /// As the model sees them.
    public let tokens: Tokens
    /// `[M]`, int32: the chosen places, counted over all N x T.
    public let positions: Tensor
    /// `[M]`, int32: the tokens that stood there.
    public let targets: Tensor

    public init(tokens: Tokens, positions: Tensor, targets: Tensor) {
        ShapeCheck.require(
            positions.rank == 1 && positions.shape == targets.shape, "MaskedTokens",
            "positions \(positions.shape), targets \(targets.shape)")
        (self.tokens, self.positions, self.targets) = (tokens, positions, targets)
    }

    /// Number M of chosen tokens.
    public var count: Int { positions.count }
}
