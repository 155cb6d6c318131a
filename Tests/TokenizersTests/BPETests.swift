import ConcordLayers
import ConcordTensors
import ConcordTokenizers
import Foundation
import TestSupport
import Testing

struct BPETests {
    private let fixture = TokenizerFixture.shared
    private func tokenizer() throws -> BPETokenizer { try BPETrainer(size: 400).train(texts: fixture.corpus) }

    @Test func trainingFindsTheVocabularyAndMergesOfHuggingFace() throws {
        let tokenizer = try tokenizer()
        #expect((0..<Int32(tokenizer.vocabulary.size)).map(tokenizer.token) == fixture.bpe.vocabulary)
        let folder = TemporaryFolder()
        try tokenizer.write(to: folder.path + "/a.json")
        #expect(try Self.merges(folder.path + "/a.json") == fixture.bpe.merges)
    }

    @Test(arguments: TokenizerFixture.shared.strings.indices)
    func idsAreThoseOfHuggingFace(_ index: Int) throws {
        let tokenizer = try tokenizer()
        let ids = tokenizer.subwords(of: fixture.strings[index], limit: .max, special: .parsed)
        #expect(ids == fixture.bpe.ids[index], "\(fixture.strings[index].debugDescription)")
        #expect(tokenizer.encode(fixture.strings[index], special: .parsed) == [1] + fixture.bpe.ids[index] + [2])
    }

    @Test func decodingGivesEveryTextBack() throws {
        let tokenizers = [try tokenizer(), BPETokenizer.english()]
        for text in fixture.strings where !text.contains("<") {
            for tokenizer in tokenizers {
                #expect(Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(text.utf8))
            }
        }
        var scalars = String.UnicodeScalarView()
        for number in hashed("scalars", [3000]).scalars {
            scalars.append(Unicode.Scalar(UInt32(abs(number) * 0x10FFFF)) ?? "\n")
            scalars.append(Unicode.Scalar(UInt32(abs(number) * 0x7F_0000) & 0x7F) ?? " ")
        }
        let text = String(scalars).replacing("<", with: "")
        for tokenizer in tokenizers {
            #expect(Array(tokenizer.decode(tokenizer.subwords(of: text)).utf8) == Array(text.utf8))
        }
    }

    @Test func brokenCharactersDecodeAsHuggingFaceDoes() throws {
        let tokenizer = try tokenizer()
        #expect((5..<40).map { tokenizer.decode([Int32($0)]) } == fixture.bpe.cut)
        let ids = BPETokenizer.english().subwords(of: "机")
        #expect(ids.count > 1)
        #expect(BPETokenizer.english().decode(Array(ids.dropLast())) == "\u{FFFD}")
        #expect(tokenizer.decode([1, 100_000, 2, -1]) == "\u{FFFD}\u{FFFD}")
    }

    @Test func aLimitGivesTheFirstPiecesOfTheText() throws {
        let tokenizer = try tokenizer()
        for text in fixture.strings {
            let all = tokenizer.subwords(of: text)
            for limit in [0, 1, 2, 7] { #expect(tokenizer.subwords(of: text, limit: limit) == Array(all.prefix(limit))) }
        }
    }

    @Test func aWordWithoutEndMergesInTimeThatGrowsLikeItsLength() throws {
        let tokenizer = try tokenizer()
        /// Of this thread alone, so that other tests do not count: the shortest of three.
        func nanoseconds(_ word: String) -> UInt64 {
            (0..<3).map { _ in
                let start = threadTime()
                #expect(tokenizer.decode(tokenizer.encode(word)) == word)
                return threadTime() - start
            }.min() ?? 0
        }
        let short = nanoseconds(String(repeating: "shells", count: 4_000))
        let long = nanoseconds(String(repeating: "shells", count: 32_000))
        #expect(long < 24 * short, "8 times as long a word took \(Double(long) / Double(short)) times as long")
    }

    private func threadTime() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    @Test func aWrittenFileReadsBackTheSame() throws {
        let folder = TemporaryFolder()
        let tokenizer = try BPETrainer(size: 300, specials: .ofText).train(texts: fixture.corpus)
        try tokenizer.write(to: folder.path + "/a.json")
        let again = try Tokenizers.load(folder.path + "/a.json")
        try again.write(to: folder.path + "/b.json")
        #expect(again.vocabulary == Vocabulary(size: tokenizer.vocabulary.size, padding: 0, start: 1, end: 2, mask: 3))
        #expect(again.token(1) == "<|startoftext|>")
        #expect(fixture.strings.map { again.encode($0) } == fixture.strings.map { tokenizer.encode($0) })
        #expect(
            try TokenizerFixtureFile.bytes(folder.path + "/a.json")
                == TokenizerFixtureFile.bytes(folder.path + "/b.json"))
    }

    @Test func theTwoFilesOfHuggingFaceAreRead() throws {
        let folder = TemporaryFolder()
        let vocabulary = TokenizerFixtureFile.json(fixture.bpe.vocabulary)
        let path = folder.file("vocab.json", vocabulary)
        let merges = folder.path + "/merges.txt"
        let problem =
            """
            the vocabulary of a BPE, which needs its merges beside it: \(merges) cannot be read: No such file or \
            directory
            """
        #expect(throws: TokenizerError.malformed(path: path, line: nil, problem: problem)) { try Tokenizers.load(path) }
        _ = folder.file("merges.txt", "#version: 0.2\n" + fixture.bpe.merges.joined(separator: "\n") + "\n")
        for tokenizer in [try Tokenizers.load(path), try BPETokenizer(vocabulary: path, merges: merges)] {
            #expect(
                tokenizer.vocabulary
                    == Vocabulary(size: fixture.bpe.vocabulary.count, padding: 0, unknown: 3, start: 1, end: 2, mask: 4)
            )
            for (text, ids) in zip(fixture.strings, fixture.bpe.ids) {
                #expect(tokenizer.subwords(of: text, limit: .max, special: .parsed) == ids)
            }
        }
        let merge = fixture.bpe.merges[0]
        _ = folder.file("merges.txt", "#version: 0.2\n\(merge)\ns zz\n")
        #expect(folder.fault(vocabulary, "vocab.json") == "merges.txt:3: the vocabulary lacks zz, which “s zz” needs")
        _ = folder.file("merges.txt", "\(merge)\n\(merge)\n")
        #expect(folder.fault(vocabulary, "vocab.json") == "merges.txt:2: “\(merge)” is merge 0 already, counted from 0")
        _ = folder.file("merges.txt", "\(merge)\nsh\n")
        #expect(
            folder.fault(vocabulary, "vocab.json") == "merges.txt:2: “sh” is not two tokens with one space between them"
        )
        #expect(
            folder.fault("{\"<pad>\": 0, \"type\": 2}", "vocab.json")
                == "vocab.json: type has the id 2, where 1 is next; ids must be 0 to 1, each once")
    }

    @Test(arguments: [
        ("{\"type\": \"bpe\"", "a.json: not JSON"),
        (
            "{\"type\": \"bpe\", \"version\": 1, \"vocabulary\": [], \"merges\": []}",
            "a.json: the key specials is missing"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 1, \"specials\": {\"padding\": \"p\"}, \"vocabulary\": [1], \
            \"merges\": []}
            """,
            "a.json: vocabulary"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 2, \"specials\": {\"padding\": \"p\"}, \"vocabulary\": [], \
            \"merges\": []}
            """,
            "a.json: type bpe, version 2"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 1, \"specials\": {\"padding\": \"p\"}, \"vocabulary\": [\"p\", \"q\", \
            \"q\"], \"merges\": []}
            """,
            "a.json: vocabulary[2]: the token q has the id 1 already"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 1, \"specials\": {\"padding\": \"<p>\"}, \"vocabulary\": [\"p\", \
            \"q\"], \"merges\": []}
            """,
            "a.json: the vocabulary lacks its special token <p>"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 1, \"specials\": {\"padding\": \"p\"}, \"vocabulary\": [\"p\", \"q \
            r\"], \"merges\": []}
            """,
            "a.json: vocabulary[1]: q r is not a token of a byte-level BPE"
        ),
        (
            """
            {\"type\": \"bpe\", \"version\": 1, \"specials\": {\"padding\": \"p\"}, \"vocabulary\": [\"p\", \
            \"q\"], \"merges\": []}
            """,
            "a.json: the vocabulary lacks Ā, byte 0"
        ),
        ("{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\"}}", "a.json: the key vocab is missing"),
    ])
    func aBrokenFileIsNamedWithItsKey(_ contents: String, _ message: String) {
        let fault = TemporaryFolder().fault(contents, "a.json")
        #expect(fault.hasPrefix(message), "\(fault)")
        #expect(!fault.contains("\n"))
    }

    private static func merges(_ path: String) throws -> [String] {
        try TokenizerFixtureFile.strings(path, "merges")
    }
}
