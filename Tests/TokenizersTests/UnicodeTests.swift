import ConcordTokenizers
import Testing

/// Every scalar among letters, digits and marks, split into words: digests against those of Hugging Face's library.
struct UnicodeTests {
    private let digests = TokenizerFixture.shared.digests

    @Test(arguments: [true, false])
    func wordsOfBERTAreThoseOfHuggingFaceForEveryScalar(_ folds: Bool) {
        let words = BERTWords(BERTNormalization(lowercase: folds))
        #expect(
            digest { text, add in words.forEach(in: text) { word, _ in add(word) } }
                == digests[folds ? "uncased words" : "cased words"])
    }

    @Test func wordsOfGPT2AreThoseOfHuggingFaceForEveryScalar() {
        let words = GPT2Words()
        #expect(digest { text, add in words.forEach(in: text) { add($0) } } == digests["gpt2 words"])
    }

    @Test func charactersAreCountedAsScalars() {
        var counts: [Int] = []
        let text = Array("héllo 学 🙂x e\u{301}".utf8)
        text.withUnsafeBufferPointer { text in
            BERTWords(BERTNormalization()).forEach(in: text) { _, count in
                counts.append(count)
                return true
            }
        }
        #expect(counts == [5, 1, 2, 1])
    }

    private func digest(_ split: (UnsafeBufferPointer<UInt8>, (UnsafeBufferPointer<UInt8>) -> Bool) -> Void) -> String {
        var digest = Digest()
        for code in [0..<0xD800, 0xE000..<0x33480, 0xE0000..<0xE0200].joined() {
            guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
            let c = Array(String(scalar).utf8)
            let text = Array("aZ".utf8) + c + Array("1".utf8) + c + Array(" ".utf8) + c + Array("!".utf8) + c
            var isFirst = true
            text.withUnsafeBufferPointer { text in
                split(text) { word in
                    if !isFirst { digest.add([10]) }
                    isFirst = false
                    digest.add(word)
                    return true
                }
            }
            digest.add([10])
        }
        return "\(digest)"
    }
}
