import ConcordLayers
import ConcordTokenizers
import TestSupport
import Testing

struct EnglishTests {
    private let digests = TokenizerFixture.shared.digests

    @Test func theEmbeddedVocabulariesEncodeEnglish() {
        let text = "a photo of two small dogs, playing in the snow"
        #expect(WordPieceTokenizer.english().decode(WordPieceTokenizer.english().encode(text)) == text)
        #expect(BPETokenizer.english().decode(BPETokenizer.english().encode(text)) == text)
        for tokenizer in [WordPieceTokenizer.english(), BPETokenizer.english()] as [any Tokenizer] {
            #expect(tokenizer.vocabulary.size == 8192)
            #expect(tokenizer.vocabulary.special == [0, 1, 2, 3, 4])
            #expect(tokenizer.encode("the man and the woman").count == 7)
        }
    }

    @Test func theEmbeddedBPEIsTheOneThatHuggingFaceTrains() throws {
        let folder = TemporaryFolder()
        try BPETokenizer.english().write(to: folder.path + "/a.json")
        var digest = Digest()
        let lists = try ["vocabulary", "merges"].flatMap {
            try TokenizerFixtureFile.strings(folder.path + "/a.json", $0)
        }
        digest.add(lists.joined(separator: "\n").utf8)
        #expect("\(digest)" == digests["english bpe"])
    }

    @Test(.enabled(if: TokenizerFixture.hasData, "needs ../shared/data"))
    func trainingAgainGivesTheEmbeddedFiles() throws {
        let folder = TemporaryFolder()
        let text = TokenizerFixture.data + "/wikitext2/valid.txt", vocab = TokenizerFixture.repository + "/Vocab/"
        try WordPieceTrainer(size: 8192).train(files: [text]).write(to: folder.path + "/a.txt")
        try BPETrainer(size: 8192).train(files: [text]).write(to: folder.path + "/a.json")
        #expect(
            try TokenizerFixtureFile.bytes(folder.path + "/a.txt")
                == TokenizerFixtureFile.bytes(vocab + "english-wordpiece-8192.txt"))
        #expect(
            try TokenizerFixtureFile.bytes(folder.path + "/a.json")
                == TokenizerFixtureFile.bytes(vocab + "english-bpe-8192.json"))
    }

    @Test(
        .enabled(if: TokenizerFixture.hasData, "needs ../shared/data"),
        arguments: ["wikitext2/test.txt", "wikitext2/valid.txt"])
    func idsOfEveryLineAreThoseOfHuggingFace(_ file: String) throws {
        let wordpiece = try WordPieceTokenizer(contentsOf: TokenizerFixture.data + "/wikitext2/vocab.txt"),
            bpe = BPETokenizer.english()
        var pieces = Digest(), bytes = Digest()
        for line in TokenizerFixture.lines(file) {
            pieces.add(ids: wordpiece.encode(line, special: .parsed))
            bytes.add(ids: bpe.subwords(of: line, limit: .max, special: .parsed))
        }
        #expect("\(pieces)" == digests["wordpiece " + file])
        #expect("\(bytes)" == digests["bpe " + file])
    }

    @Test(.enabled(if: TokenizerFixture.hasData, "needs ../shared/data"))
    func idsOfCaptionsAreThoseOfHuggingFace() throws {
        let tokenizer = try WordPieceTokenizer(contentsOf: TokenizerFixture.data + "/emoji/vocab.txt")
        var digest = Digest()
        for line in TokenizerFixture.lines("emoji/emoji.tsv") {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            digest.add(ids: tokenizer.encode(columns.count > 1 ? String(columns[1]) : ""))
        }
        #expect("\(digest)" == digests["wordpiece emoji/emoji.tsv"])
    }
}
