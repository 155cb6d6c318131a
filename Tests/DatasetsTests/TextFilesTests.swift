import ConcordDatasets
import ConcordLayers
import ConcordTensors
import ConcordTokenizers
import Foundation
import TestSupport
import Testing

@Suite struct TextFilesTests {
    private let folder = TemporaryFolder()

    private func tokenizer() throws -> WordPieceTokenizer {
        try WordPieceTokenizer(tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<10).map { "w\($0)" })
    }

    private func names(_ paths: [String]) -> [String] { paths.map { URL(filePath: $0).lastPathComponent } }

    @Test func foldersPatternsAndFilesAreListedOnce() throws {
        let root = URL(filePath: try folder.write("w0\n", to: "b.txt")).deletingLastPathComponent().path
        _ = try folder.write("w1\n", to: "a.txt")
        _ = try folder.write("w2\n", to: "notes.md")
        #expect(names(try TextFiles(["."], root: root).paths) == ["a.txt", "b.txt"])
        #expect(names(try TextFiles(["."], root: root).leftOut) == ["notes.md"])
        #expect(names(try TextFiles(["[bx].txt", "a.txt", "*.txt"], root: root).paths) == ["b.txt", "a.txt"])
        #expect(names(try TextFiles(["*"], root: root).paths) == ["a.txt", "b.txt", "notes.md"])
        let rest = try TextFiles(["."], root: root).excluding(TextFiles(["./a.txt"], root: root))
        #expect(names(rest.paths) == ["b.txt"])
        #expect(throws: DatasetError.unreadable(path: root + "/x*.txt", reason: "no file matches the pattern")) {
            try TextFiles(["x*.txt"], root: root)
        }
        #expect(throws: DatasetError.unreadable(path: root + "/c.txt", reason: "No such file or directory")) {
            try TextFiles(["c.txt"], root: root)
        }
    }

    @Test func linesAreTextsBetweenStartAndEndTokenAndCut() throws {
        let path = try folder.write("w0\n\nw1 w2 w3 w4\nzz w1\n", to: "a.txt")
        let blocks = try TextBlocks([path], tokenizer: tokenizer(), length: 4, form: .lines)
        #expect(Array(blocks) == [[2, 5, 3], [2, 6, 7, 3], [2, 1, 6, 3]])
        #expect(blocks.lineCount == 3 && blocks.blankCount == 1 && blocks.tokenCount == 7)
        #expect(blocks.statistics.cut == 1 && blocks.statistics.longest == 6)
        #expect(
            blocks.statistics.unknownWords == 1 && blocks.statistics.words == 7
                && blocks.statistics.unknownExamples == ["zz"])
        let batches = Array(blocks.inOrder(by: 2))
        #expect(batches.map(\.ids.integerScalars) == [[2, 5, 3, 0, 2, 6, 7, 3], [2, 1, 6, 3]])
        #expect(batches[0].mask.bytes == [1, 1, 1, 0, 1, 1, 1, 1])
    }

    @Test func anEmptyFileOfSeveralIsCountedAndOneAloneIsAnError() throws {
        let text = try folder.write("w0 w1\n", to: "a.txt"), empty = try folder.write(" \n", to: "b.txt")
        #expect(try TextBlocks([text, empty], tokenizer: tokenizer(), length: 2).emptyFiles == [empty])
        #expect(throws: DatasetError.emptyFile(path: empty)) {
            try TextBlocks([empty], tokenizer: tokenizer(), length: 2)
        }
    }

    @Test func carriageReturnsAloneEndLines() throws {
        let path = try folder.write("w0\rw1\r\rw2", to: "a.txt"), lines = try TextLines(path)
        #expect(Array(lines) == ["w0", "w1", "w2"])
        #expect(lines.blankCount == 1)
    }

    @Test func textInUTF16WithoutAMarkIsNamed() throws {
        let path = try folder.write(Array("w0 w1\n".utf8).flatMap { [$0, 0] }, to: "a.txt")
        #expect(
            throws: DatasetError.encoding(
                path: path, found: "UTF-16 without a byte-order mark",
                remedy: "convert it with: iconv -f UTF-16LE -t UTF-8 \(path) > \(folder.file("a-utf8.txt"))")
        ) { try TextLines(path) }
    }

    @Test func statisticsCountWordsAndTexts() throws {
        let statistics = TextStatistics(
            of: ["w0w1 w2", "кот w1 кот", "", "дом"], tokenizer: try tokenizer(), context: 4)
        #expect(statistics.texts == 4 && statistics.words == 6 && statistics.unknownWords == 4)  // w0w1 has no ##w1
        #expect(statistics.unknownExamples == ["w0w1", "кот", "дом"])
        #expect(statistics.cut == 1 && statistics.longest == 5)
        #expect(statistics.textsWithoutMaskable == 2 && statistics.maskable == 2)
        #expect(TextStatistics(of: ["кот", "任何"], tokenizer: BPETokenizer.english()).unknownWords == 0)
    }
}
