import ConcordLayers
import ConcordTensors
import ConcordTokenizers
import TestSupport
import Testing

struct WordPieceTests {
    private let fixture = TokenizerFixture.shared
    private func tokenizer(lowercase: Bool = true) throws -> WordPieceTokenizer {
        try WordPieceTokenizer(tokens: fixture.wordpiece.vocabulary, lowercase: lowercase)
    }

    @Test(arguments: TokenizerFixture.shared.strings.indices)
    func idsAreThoseOfHuggingFace(_ index: Int) throws {
        let text = fixture.strings[index]
        #expect(
            try tokenizer().encode(text, special: .parsed) == fixture.wordpiece.uncased[index],
            "\(text.debugDescription)")
        #expect(
            try tokenizer(lowercase: false).encode(text, special: .parsed) == fixture.wordpiece.cased[index],
            "\(text.debugDescription), cased")
    }

    @Test(arguments: TokenizerFixture.shared.strings.indices)
    func decodingIsThatOfHuggingFace(_ index: Int) throws {
        #expect(try tokenizer().decode(fixture.wordpiece.uncased[index]) == fixture.wordpiece.decoded[index])
    }

    @Test func aBatchIsCutBeforeTheEndTokenAndPadded() throws {
        let tokenizer = try tokenizer()
        let long = tokenizer.encode("the fox jumps over the lazy dog")
        let batch = tokenizer.encode(["the fox jumps over the lazy dog", "", "the"], length: 5)
        let end = try #require(tokenizer.vocabulary.end), start = try #require(tokenizer.vocabulary.start)
        let the = try #require(tokenizer.id(of: "the")), padding = tokenizer.vocabulary.padding
        #expect(batch.ids.shape == [3, 5])
        let rows: [[Int32]] = [
            Array(long[0..<4]) + [end], [start, end, padding, padding, padding], [start, the, end, padding, padding],
        ]
        #expect(batch.ids.integerScalars == rows.flatMap { $0 })
        #expect(batch.mask.bytes == [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0])
    }

    @Test func aLimitGivesTheFirstPiecesOfTheText() throws {
        let tokenizer = try tokenizer()
        for text in fixture.strings {
            let all = tokenizer.subwords(of: text)
            for limit in [0, 1, 2, 7] { #expect(tokenizer.subwords(of: text, limit: limit) == Array(all.prefix(limit))) }
        }
    }

    @Test func aVocabularyWithCapitalsKeepsThem() throws {
        let specials = ["[PAD]", "[UNK]", "[unused1]"]
        #expect(try WordPieceTokenizer(tokens: specials + ["cat"]).lowercase)
        let cased = try WordPieceTokenizer(tokens: specials + ["Cat"])
        #expect(!cased.lowercase)
        #expect(cased.subwords(of: "Cat cat") == [3, 1])
        #expect(cased.vocabulary == Vocabulary(size: 4, padding: 0, unknown: 1))
    }

    @Test func aFileWithCarriageReturnsAndAByteOrderMarkIsTheSame() throws {
        let folder = TemporaryFolder()
        let path = folder.file("vocab.txt", "\u{FEFF}[PAD]\r\n[UNK]\r\nthe\r\n##m")
        let tokenizer = try Tokenizers.load(path)
        #expect(tokenizer.encode("Them the") == [2, 3, 2])
        #expect(tokenizer.tokens([0, 2, 3, 9]) == ["[PAD]", "the", "##m", "\u{FFFD}"])
    }

    @Test func aWrittenFileReadsBackTheSame() throws {
        let folder = TemporaryFolder()
        let tokenizer = try tokenizer()
        try tokenizer.write(to: folder.path + "/a.txt")
        let again = try WordPieceTokenizer(contentsOf: folder.path + "/a.txt")
        #expect((0..<Int32(again.vocabulary.size)).map(again.token) == fixture.wordpiece.vocabulary)
        #expect(throws: TokenizerError.unwritable(path: folder.path + "/no/a.txt", reason: "No such file or directory"))
        {
            try tokenizer.write(to: folder.path + "/no/a.txt")
        }
    }

    @Test(arguments: [
        ("", "vocab.txt: the file is empty"),
        (
            "[PAD]\n[UNK]\nthe\ncat\nthe\n",
            """
                vocab.txt:5: the token the is already in line 3; rename one of the two, for instance to [unused4]: \
                without it the ids of all lines below would shift
                """
        ),
        ("[PAD]\nthe\n", "vocab.txt: no [UNK] token; add it as the last line, where it shifts no id"),
        ("the\n[UNK]\n", "vocab.txt: no [PAD] token; add it as the last line, where it shifts no id"),
        (
            "[PAD]\n[UNK]\n\nthe\n",
            """
                vocab.txt:3: an empty token; give it a name that text never has, such as [unused2]: without it the ids \
                of all lines below would shift
                """
        ),
    ])
    func aBrokenFileIsNamedWithItsLine(_ contents: String, _ message: String) {
        #expect(TemporaryFolder().fault(contents) == message)
    }

    @Test func bytesThatAreNotUTF8AreNamedWithTheirLine() {
        #expect(
            TemporaryFolder().fault(Array("[PAD]\n[UNK]\ncaf".utf8) + [0xE9, 10])
                == "vocab.txt: the file is not UTF-8 but ISO-8859-1 (Latin-1); convert it with: "
                + "iconv -f ISO-8859-1 -t UTF-8 vocab.txt > vocab-utf8.txt")
        #expect(
            TemporaryFolder().fault(Array("[PAD]\n".utf8) + [0xFF])
                == "vocab.txt:2: not UTF-8; replace the bytes that are not, by what was meant")
    }

    @Test func aFileThatIsNotThereIsNamed() {
        #expect(throws: TokenizerError.unreadable(path: "/no/vocab.txt", reason: "No such file or directory")) {
            try Tokenizers.load("/no/vocab.txt")
        }
        #expect(throws: TokenizerError.unreadable(path: "/tmp", reason: "Is a directory")) {
            try Tokenizers.load("/tmp")
        }
    }
}
