import ConcordLayers
import ConcordTokenizers
import TestSupport
import Testing

struct TokenizerTrainingTests {
    private let corpus = TokenizerFixture.shared.corpus

    @Test func wordPiecesComeInTheOrderOfTheirFrequency() throws {
        let tokenizer = try WordPieceTrainer(size: 100).train(texts: ["abab abab ab", "ac ab"])
        // Characters, continuing characters, then ab (4 words), ##ab (abab, after ab) with a ##b left over, and the
        // join of both.
        #expect(
            tokens(tokenizer) == [
                "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "##a", "##b", "##c", "ab", "##ab", "abab",
            ])
    }

    @Test func theOrderOfTheTextsDoesNotMatter() throws {
        let one = try WordPieceTrainer(size: 250).train(texts: corpus),
            other = try WordPieceTrainer(size: 250).train(texts: corpus.reversed())
        #expect(tokens(one) == tokens(other))
    }

    @Test func vocabulariesHaveNearlyThePiecesOfHuggingFace() throws {
        let theirs = TokenizerFixture.shared.wordpiece.vocabulary
        let ours = tokens(try WordPieceTrainer(size: 300).train(texts: corpus))
        #expect(ours.count == theirs.count)
        #expect(Set(ours).intersection(theirs).count >= theirs.count * 95 / 100)
    }

    @Test func theAlphabetKeepsTheMostFrequentCharacters() throws {
        let tokenizer = try WordPieceTrainer(size: 100, minimumFrequency: 100, alphabetLimit: 2).train(texts: [
            "aab b bc d"
        ])
        #expect(tokens(tokenizer).dropFirst(5) == ["a", "b", "##a", "##b"])
    }

    @Test func rarePairsDoNotMerge() throws {
        #expect(tokens(try WordPieceTrainer(size: 100, minimumFrequency: 3).train(texts: ["ab ab"])).count == 5 + 2 + 1)
        #expect(try BPETrainer(size: 300, minimumFrequency: 3).train(texts: ["ab ab"]).vocabulary.size == 5 + 256)
    }

    @Test func filesAreReadLineByLineAndBrokenUTF8IsReplaced() throws {
        let folder = TemporaryFolder()
        let path = folder.file("a.txt", Array("abab ab".utf8) + [0xFF, 10] + Array("ab".utf8))
        #expect(
            tokens(try WordPieceTrainer(size: 20, minimumFrequency: 1).train(files: [path])).dropFirst(9) == [
                "ab", "##ab", "abab",
            ])
        let bpe = try BPETrainer(size: 400, minimumFrequency: 1).train(files: [path])
        #expect(bpe.subwords(of: "abab").count == 1)
    }

    @Test func noRoomAndNoTextAreErrors() {
        #expect(throws: TokenizerError.sizeTooSmall(size: 7, needed: 5 + 2 + 1, alphabetLimit: 1)) {
            try WordPieceTrainer(size: 7).train(texts: ["ab"])
        }
        #expect(throws: TokenizerError.sizeTooSmall(size: 100, needed: 261, alphabetLimit: nil)) {
            try BPETrainer(size: 100).train(texts: ["ab"])
        }
        for size in [Int.min, -1, 0] {
            #expect(throws: TokenizerError.sizeTooSmall(size: size, needed: 8, alphabetLimit: 0)) {
                try WordPieceTrainer(size: size).train(texts: ["ab"])
            }
        }
        #expect(throws: TokenizerError.sizeTooLarge(size: .max, limit: 1 << 20)) {
            try BPETrainer(size: .max).train(texts: ["ab"])
        }
        #expect(throws: TokenizerError.noText(paths: [])) { try BPETrainer().train(texts: [" \n"]) }
        #expect(throws: TokenizerError.noText(paths: [])) { try WordPieceTrainer().train(texts: [" \u{0}"]) }
        let folder = TemporaryFolder(), path = folder.file("a.txt", "")
        #expect(throws: TokenizerError.noText(paths: [path])) { try BPETrainer().train(files: [path]) }
    }

    private func tokens(_ tokenizer: WordPieceTokenizer) -> [String] {
        (0..<Int32(tokenizer.vocabulary.size)).compactMap(tokenizer.token)
    }
}
