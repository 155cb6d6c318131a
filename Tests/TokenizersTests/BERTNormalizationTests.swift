import ConcordFiles
import ConcordLayers
import ConcordTokenizers
import Foundation
import TestSupport
import Testing

/// Case and accents of WordPiece tokenizers.
struct BERTNormalizationTests {
    private static let specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

    struct Fixture: Decodable {
        struct Combination: Decodable {
            let lowercase: Bool
            let strip_accents: Bool?
            let vocabulary: [String]
            let ids: [[Int32]]
            let tokens: [[String]]
            let offsets: [[[Int]]]
        }
        struct BPE: Decodable { let ids: [[Int32]], offsets: [[[Int]]] }

        let strings: [String]
        let combinations: [Combination]
        let bpe: BPE
        let digests: [String: String]

        static let shared: Fixture = {
            let path = TokenizerFixture.repository + "/Tests/Fixtures/normalization.json"
            return try! JSONDecoder().decode(Fixture.self, from: Data(contentsOf: URL(filePath: path)))
        }()
    }

    @Test(arguments: 0..<6)
    func idsAndOffsetsAreThoseOfHuggingFace(_ index: Int) throws {
        let expected = Fixture.shared.combinations[index]
        let tokenizer = try WordPieceTokenizer(
            tokens: expected.vocabulary, lowercase: expected.lowercase, stripsAccents: expected.strip_accents)
        for (place, text) in Fixture.shared.strings.enumerated() {
            #expect(tokenizer.encode(text) == expected.ids[place], "\(text.debugDescription)")
            let aligned = tokenizer.aligned(text)
            #expect(aligned.map(\.id) == expected.ids[place], "\(text.debugDescription)")
            #expect(
                aligned.map { [$0.characters.lowerBound, $0.characters.upperBound] } == expected.offsets[place],
                "\(text.debugDescription) \(expected.tokens[place])")
        }
    }

    @Test func offsetsOfByteLevelPiecesAreThoseOfHuggingFace() throws {
        let fixture = TokenizerFixture.shared.bpe, folder = TemporaryFolder()
        let path = folder.file("vocab.json", TokenizerFixtureFile.json(fixture.vocabulary))
        _ = folder.file("merges.txt", fixture.merges.joined(separator: "\n"))
        let tokenizer = try Tokenizers.load(path)
        for (place, text) in Fixture.shared.strings.enumerated() {
            let aligned = tokenizer.alignedSubwords(of: text, special: .plain)
            #expect(aligned.map(\.id) == Fixture.shared.bpe.ids[place])
            #expect(
                aligned.map { [$0.characters.lowerBound, $0.characters.upperBound] }
                    == Fixture.shared.bpe.offsets[place],
                "\(text.debugDescription)")
        }
    }

    @Test func everyScalarIsLowercasedAndUnaccentedAsByHuggingFace() {
        for (name, normalization) in [
            ("lowercase", BERTNormalization(lowercase: true, stripsAccents: false)),
            ("unaccented", BERTNormalization(lowercase: false, stripsAccents: true)),
        ] {
            let words = BERTWords(normalization)
            var digest = Digest()
            for code in [0..<0xD800, 0xE000..<0x33480, 0xE0000..<0xE0200].joined() {
                guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
                var found: [String] = []
                Array("aZ\(scalar)1\(scalar) \(scalar)!\(scalar)".utf8).withUnsafeBufferPointer { text in
                    words.forEach(in: text) { word, _ in
                        found.append(String(decoding: word, as: UTF8.self))
                        return true
                    }
                }
                digest.add((found.joined(separator: "\n") + "\n").utf8)
            }
            #expect("\(digest)" == Fixture.shared.digests[name], "\(name)")
        }
    }

    @Test(arguments: [
        (["<S>", "<T>", "我", "爱", "nba", "和", "iphone"], true, true),
        (["अपने", "पोस्ट", "में", "भर्ती"], true, false),
        (["Привет", "привет", "мир"], false, false),
        (["Αθήνα", "πόλη", "##ς"], false, false),
        (["Հայաստան", "քաղաք"], false, false),
        (["საქართველო", "ქალაქი"], true, true),
        (["hello", "world", "##B"], true, true),
        (["cat", "café"], true, false),
        ((0..<20).map { "w" + String(repeating: "x", count: $0) } + ["NBA"], true, true),
        (["cat", "[unused1]", "[CLS2]"], true, true),
        (["한국", "도시"], true, false),
    ])
    func theGuessIsTheNormalizationThatTheTokensSurvive(_ tokens: [String], _ lowercase: Bool, _ strips: Bool) throws {
        let tokenizer = try WordPieceTokenizer(tokens: Self.specials + tokens)
        #expect(tokenizer.guessedNormalization == BERTNormalization(lowercase: lowercase, stripsAccents: strips))
        #expect(tokenizer.normalization == tokenizer.guessedNormalization)
        #expect(
            try WordPieceTokenizer(tokens: Self.specials + tokens, lowercase: lowercase).guessedNormalization == nil)
    }

    @Test(arguments: ["vocab.txt", "tokenizer"])
    func theSettingsAreWrittenWithTheTokenizer(_ name: String) throws {
        let folder = TemporaryFolder(), path = folder.path + "/" + name
        for (lowercase, strips) in [(true, true), (true, false), (false, true), (false, false)] {
            let tokenizer = try WordPieceTokenizer(
                tokens: Self.specials + ["cat"], lowercase: lowercase, stripsAccents: strips)
            try tokenizer.write(to: path)
            let again = try #require(try Tokenizers.load(path) as? WordPieceTokenizer)
            #expect(again.normalization == BERTNormalization(lowercase: lowercase, stripsAccents: strips))
            #expect(again.guessedNormalization == nil)
            #expect(again.encode("cat") == [2, 5, 3])
        }
    }

    @Test func theConfigurationOfHuggingFaceBesideAVocabularyIsRead() throws {
        let folder = TemporaryFolder()
        let path = folder.file("vocab.txt", (Self.specials + ["cat", "Cat"]).joined(separator: "\n"))
        _ = folder.file(
            "tokenizer_config.json", "{\"do_lower_case\": true, \"strip_accents\": null, \"model_max_length\": 512}")
        #expect(try Tokenizers.load(path).encode("Cat") == [2, 5, 3])
        #expect(try Tokenizers.load(path, lowercase: false).encode("Cat") == [2, 6, 3])
    }

    @Test func namesOfSpecialTokensAreTextUnlessTheyAreToBeParsed() throws {
        let tokenizer = try WordPieceTokenizer(tokens: Self.specials + ["[", "]", "mask", "the"])
        #expect(tokenizer.encode("the [MASK]") == [2, 8, 5, 7, 6, 3])
        #expect(tokenizer.encode("the [MASK]", special: .parsed) == [2, 8, 4, 3])
        let bpe = BPETokenizer.english()
        #expect(!bpe.encode("a <mask></s>").dropFirst().dropLast().contains { bpe.vocabulary.special.contains($0) })
        #expect(
            bpe.encode("<mask>", special: .parsed) == [bpe.vocabulary.start, bpe.vocabulary.mask, bpe.vocabulary.end])
        #expect(bpe.decode(bpe.encode("a <mask></s>")) == "a <mask></s>")
    }

    @Test func tokensThatContinueAWordAreKnown() throws {
        let wordPiece = try WordPieceTokenizer(tokens: Self.specials + ["cat", "##s", "."])
        #expect(wordPiece.wordContinuations == [false, false, false, false, false, false, true, false])
        let bpe = BPETokenizer.english(), ids = bpe.subwords(of: "the unfathomable fox.")
        // the, Ġunf ath om able, Ġf ox .; the text's first word has no space before it.
        #expect(ids.map(bpe.continuesWord) == [true, false, true, true, true, false, true, true])
        #expect((0..<5).allSatisfy { !bpe.continuesWord($0) })
    }

    @Test func theTokenizerJSONOfHuggingFaceIsRead() throws {
        let folder = TemporaryFolder()
        let file = """
            {"version": "1.0", "added_tokens": [{"id": 0, "content": "[PAD]", "special": true}],
             "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, \
            "strip_accents": null,
                            "lowercase": false},
             "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", \
            "max_input_chars_per_word": 100,
                       "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4, "Ca": 5, "##t": 6}}}
            """
        let tokenizer = try Tokenizers.load(folder.file("tokenizer.json", file))
        #expect(tokenizer.tokens(tokenizer.encode("Cat cat")) == ["[CLS]", "Ca", "##t", "[UNK]", "[SEP]"])
        #expect(
            folder.fault(file.replacing("\"BertPreTokenizer\"", with: "\"Whitespace\""), "tokenizer.json")
                == "tokenizer.json: pre_tokenizer is Whitespace, and BertPreTokenizer is the one that is read")
        #expect(
            folder.fault(file.replacing("\"WordPiece\"", with: "\"Unigram\""), "tokenizer.json")
                == "tokenizer.json: a tokenizer.json whose model is Unigram; WordPiece and byte-level BPE are read")

        let fixture = TokenizerFixture.shared
        let merges = fixture.bpe.merges.map { merge in
            "[" + merge.split(separator: " ").map { JSONText.quoted(String($0)) }.joined(separator: ",") + "]"
        }
        let json = """
            {"added_tokens": [{"id": 4, "content": "<mask>"}], "normalizer": null,
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
             "model": {"type": "BPE", "vocab": \(TokenizerFixtureFile.json(fixture.bpe.vocabulary)), "merges": \
            [\(merges.joined(separator: ","))]}}
            """
        let bpe = try Tokenizers.load(folder.file("tokenizer.json", json))
        for (text, ids) in zip(fixture.strings, fixture.bpe.ids) {
            #expect(bpe.subwords(of: text, limit: .max, special: .parsed) == ids)
        }
    }

    @Test(
        arguments: [
            ([0x1F, 0x8B, 8, 0], "vocab.txt: the file is compressed (gzip); unpack it with: gunzip -k vocab.txt"),
            (
                Array("h\0e\0l\0l\0o\0\n\0".utf8),
                "vocab.txt: the file is UTF-16 without a byte-order mark; convert it with: "
                    + "iconv -f UTF-16LE -t UTF-8 vocab.txt > vocab-utf8.txt"
            ),
            (
                Array("[PAD] 5\n".utf8),
                "vocab.txt:1: “[PAD] 5” has white space inside; a line is one token, without a count or a score"
            ),
            (
                Array("\n\u{0e}\n\u{05}<unk>\u{15}\0\0\0\0".utf8),
                "vocab.txt: a SentencePiece model, which is not read"
            ),
            (
                Array("#version: 0.2\na b\n".utf8),
                "vocab.txt: the merges of a BPE; give the vocab.json that belongs to them"
            ),
            (
                Array("{\"hello\": 0}".utf8),
                """
                vocab.txt: the vocabulary of a BPE, which needs its merges beside it: merges.txt cannot be read: \
                No such file or directory
                """
            ),
            (
                Array("<pad>\n<unk>\nhello\n".utf8),
                """
                vocab.txt: no [PAD] token, but <pad>: the vocabulary is not a WordPiece one; its special tokens \
                are named as in [PAD]
                """
            ),
        ] as [([UInt8], String)])
    func aFileOfAnotherKindIsNamed(_ contents: [UInt8], _ message: String) {
        #expect(TemporaryFolder().fault(contents) == message)
    }

    @Test func blankLinesAtTheEndAreNoTokens() throws {
        let folder = TemporaryFolder()
        #expect(try Tokenizers.load(folder.file("vocab.txt", "[PAD]\n[UNK]\nthe\n\n \n")).vocabulary.size == 3)
    }

    @Test func aNameThatIsNoFileIsAnsweredWithTheBuiltInOnes() {
        #expect(
            "\(TokenizerError.unknown(name: "english-wordpeice"))"
                == "english-wordpeice: neither a file nor a built-in tokenizer (did you mean \"english-wordpiece\"?); "
                + "built in are english-wordpiece, english-bpe")
        #expect(throws: TokenizerError.unknown(name: "english-wordpeice")) { try Tokenizers.named("english-wordpeice") }
    }
}
