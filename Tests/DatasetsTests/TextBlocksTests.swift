import ConcordDatasets
import ConcordLayers
import ConcordTensors
import ConcordTokenizers
import TestSupport
import Testing

@Suite struct TextBlocksTests {
    private let folder = TemporaryFolder()

    private func tokenizer() throws -> WordPieceTokenizer {
        try WordPieceTokenizer(tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<10).map { "w\($0)" })
    }

    @Test func linesAreJoinedAndCutWithoutSpecialTokens() throws {
        let first = try folder.write("w0 w1 w2\n\n  \nw3\r\nw4 w5\n", to: "a.txt"),
            second = try folder.write("w6\nw7", to: "b.txt")
        let blocks = try TextBlocks([first, second], tokenizer: tokenizer(), length: 3)
        #expect(Array(blocks) == [[5, 6, 7], [8, 9, 10]])
        #expect(blocks.tokenCount == 8)
        let batches = Array(blocks.inOrder(by: 1))
        #expect(batches.map(\.ids.integerScalars) == [[5, 6, 7], [8, 9, 10]])
        #expect(batches[0].mask.bytes == [1, 1, 1])
    }

    @Test func manyLinesStandInTheirOrder() throws {
        let path = try folder.write(
            (0..<1000).map { number in "w\(number % 10) w\(number / 10 % 10)\n" }.joined(), to: "a.txt")
        let blocks = try TextBlocks([path], tokenizer: tokenizer(), length: 7)
        let expected: [Int32] = (0..<1000).flatMap { (number: Int32) -> [Int32] in
            [number % 10 + 5, number / 10 % 10 + 5]
        }
        #expect(blocks.count == 285)
        #expect(blocks.flatMap { $0 } == Array(expected.prefix(285 * 7)))
    }

    @Test func batchesAreTokensOfWholeBlocks() throws {
        let path = try folder.write((0..<100).map { "w\($0 % 10)\n" }.joined(), to: "a.txt")
        let blocks = try TextBlocks([path], tokenizer: tokenizer(), length: 5), batches = blocks.batches(of: 4, seed: 3)
        #expect(batches.stepsPerEpoch == 5)
        let seen = try batches.epoch(0).flatMap { batch in try batch.get().ids.integerScalars }
        #expect(seen.sorted() == blocks.flatMap { $0 }.sorted() && seen != blocks.flatMap { $0 })
    }

    @Test func aTextShorterThanABlockIsAnError() throws {
        let path = try folder.write("w0 w1\n", to: "short.txt")
        #expect(throws: DatasetError.shortText(path: path, tokens: 2, block: 3)) {
            try TextBlocks([path], tokenizer: tokenizer(), length: 3)
        }
        #expect(DatasetError.shortText(path: "a.txt", tokens: 2, block: 3).description.hasPrefix("a.txt: 2 tokens"))
        #expect(throws: DatasetError.self) {
            try TextBlocks([folder.file("none.txt")], tokenizer: tokenizer(), length: 3)
        }
    }

    @Test func linesThatAreNotUTF8AreNamed() throws {
        let path = try folder.write(Array("w0\n".utf8) + [0x77, 0xFF, 0x0A] + Array("w1 w2\n".utf8), to: "a.txt")
        #expect(try TextLines(path).repairedLines == [2])
        let blocks = try TextBlocks([path], tokenizer: tokenizer(), length: 2)
        #expect(blocks.repairedCount == 1)
        #expect(Array(blocks) == [[5, 1], [6, 7]])
    }

    @Test func linesCanBeTextsOfTheirOwn() throws {
        let path = try folder.write("w0\n\nw1 w2 w3 w4\n", to: "a.txt")
        let texts = try TextLines(path).texts(tokenizer(), length: 4).samples
        #expect(try (0..<2).map { try texts.sample($0) } == [[2, 5, 3], [2, 6, 7, 3]])
    }
}
