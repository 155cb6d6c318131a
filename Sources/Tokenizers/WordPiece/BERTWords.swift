/// BERT's normalizer and pre-tokenizer in one pass over UTF-8.
///
/// Control characters and U+FFFD are dropped, white space separates, every CJK ideograph and every punctuation mark is
/// a word of its own; by the normalization, the text is decomposed (NFD) and loses its non-spacing marks, and letters
/// are made lower case.
/// - Source: Devlin et al. 2018, arXiv:1810.04805, `tokenization.py`, in Hugging Face's form. One difference: spacing
///   marks that stay (a few Indic and musical ones) keep their order instead of taking the canonical one.
package struct BERTWords: Sendable {
    package let normalization: BERTNormalization
    /// What becomes of an ASCII byte: a byte of a word, or one of the codes below, which are no bytes of words.
    private let ascii: [UInt8]
    private static let dropped: UInt8 = 0, blank: UInt8 = 1, punctuation: UInt8 = 2, wide: UInt8 = 3
    private let table = UnicodeTable.shared
    /// What scalars beyond ASCII become; nil where they stay as they are.
    private let folding: UnicodeTable?
    /// Whether `folding` is `table`, so that one look-up serves both.
    private let isFoldingShared: Bool

    package init(_ normalization: BERTNormalization) {
        self.normalization = normalization
        folding =
            switch (normalization.lowercase, normalization.stripsAccents) {
            case (true, true): .shared
            case (true, false): .lowercase
            case (false, true): .unaccented
            case (false, false): nil
            }
        isFoldingShared = normalization.lowercase && normalization.stripsAccents
        ascii = (0..<256).map { byte in
            guard byte < 128 else { return Self.wide }
            let traits = UnicodeTable.shared.ascii[byte]
            if traits.contains(.dropped) { return Self.dropped }
            if traits.contains(.blank) { return Self.blank }
            if traits.contains(.punctuation) { return Self.punctuation }
            let isCapital = byte >= 65 && byte <= 90
            return UInt8(byte) + (normalization.lowercase && isCapital ? 32 : 0)
        }
    }

    /// Calls `body` with each word and its number of scalars, until it returns false.
    /// - Parameter text: valid UTF-8.
    @inline(__always)
    package func forEach(in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Bool) {
        var word = WordBuffer()
        ascii.withUnsafeBufferPointer { ascii in
            var index = 0
            while index < text.count {
                let code = ascii[Int(text[index])]
                if code > Self.wide {
                    word.append(ascii: code)
                    index += 1
                    continue
                }
                if code == Self.wide {
                    let (value, length) = scalar(in: text, at: index)
                    guard add(value, to: &word, body) else { return }
                    index += length
                    continue
                }
                if code != Self.dropped, !word.isEmpty {
                    guard body(word.contents, word.characters) else { return }
                    word.removeAll()
                }
                if code == Self.punctuation {
                    guard body(UnsafeBufferPointer(rebasing: text[index...index]), 1) else { return }
                }
                index += 1
            }
            if !word.isEmpty { _ = body(word.contents, word.characters) }
        }
    }

    /// Adds a scalar beyond ASCII; false where `body` wants no more.
    @inline(never)
    private func add(
        _ scalar: UInt32, to word: inout WordBuffer, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Bool
    ) -> Bool {
        let run = table.run(scalar)
        let traits = run?.traits ?? []
        if traits.contains(.dropped) { return true }
        var goesOn = true
        let isAlone = !traits.isDisjoint(with: [.blank, .cjk])
        if isAlone { goesOn = flush(&word, body) }
        if traits.contains(.blank) { return goesOn }
        if let folding {
            UnicodeTable.fold(scalar, in: isFoldingShared ? run : folding.run(scalar)) {
                goesOn = goesOn && put($0, in: &word, body)
            }
        } else {
            goesOn = goesOn && put(scalar, in: &word, body)
        }
        return isAlone ? goesOn && flush(&word, body) : goesOn
    }

    /// Adds a normalized scalar, which may separate words.
    private func put(
        _ scalar: UInt32, in word: inout WordBuffer, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Bool
    ) -> Bool {
        let traits = table.traits(scalar)
        let isPunctuation = traits.contains(.punctuation)
        if isPunctuation || traits.contains(.blank) {
            guard flush(&word, body) else { return false }
            if !isPunctuation { return true }
        }
        word.append(scalar)
        return isPunctuation ? flush(&word, body) : true
    }

    private func flush(_ word: inout WordBuffer, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Bool) -> Bool {
        guard !word.isEmpty else { return true }
        defer { word.removeAll() }
        return body(word.contents, word.characters)
    }
}

extension BERTWords {
    /// A normalized word with where it is from.
    struct AlignedWord {
        var bytes: [UInt8] = []
        /// By normalized scalar: the number of the text's scalar that it was made of.
        var origins: [Int] = []
    }

    /// The words of `forEach`, aligned with the scalars of the text.
    func aligned(_ text: UnsafeBufferPointer<UInt8>) -> [AlignedWord] {
        var words: [AlignedWord] = [], word = AlignedWord(), index = 0, number = 0
        func flush() {
            if !word.origins.isEmpty { words.append(word) }
            word = AlignedWord()
        }
        while index < text.count {
            let (value, length) = scalar(in: text, at: index)
            let traits = table.traits(value)
            if !traits.contains(.dropped) {
                let isAlone = !traits.isDisjoint(with: [.blank, .cjk])
                if isAlone { flush() }
                if !traits.contains(.blank) {
                    forEachFolded(value) { scalar in
                        let traits = table.traits(scalar)
                        let separates = !traits.isDisjoint(with: [.blank, .punctuation])
                        if separates { flush() }
                        if traits.contains(.blank), !traits.contains(.punctuation) { return }
                        word.bytes += Unicode.Scalar(scalar).map { Array(String($0).utf8) } ?? []
                        word.origins.append(number)
                        if separates { flush() }
                    }
                }
                if isAlone { flush() }
            }
            index += length
            number += 1
        }
        flush()
        return words
    }

    private func forEachFolded(_ scalar: UInt32, _ body: (UInt32) -> Void) {
        guard let folding else { return body(scalar) }
        UnicodeTable.fold(scalar, in: folding.run(scalar), body)
    }
}

extension BERTWords: WordSplitter {
    func forEachWord(in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        forEach(in: text) { word, _ in
            body(word)
            return true
        }
    }
}
