import ConcordDatasets
import TestSupport
import Testing

@Suite struct TextLinesTests {
    private let folder = TemporaryFolder()

    @Test func linesAreFoundWithoutTheirEnds() throws {
        let path = try folder.write("\u{FEFF}one\r\n\n  \ntwo ä\nthree", to: "t.txt")
        #expect(Array(try TextLines(path)) == ["one", "two ä", "three"])
        #expect(try TextLines(path).indices.map(try TextLines(path).line) == [1, 4, 5])
        #expect(Array(try TextLines(path, skippingEmpty: false)) == ["one", "", "  ", "two ä", "three"])
    }

    @Test func invalidBytesAreReplacedAndCounted() throws {
        let path = try folder.write([0x61, 0xFF, 0x0A, 0x62, 0x0A], to: "t.txt")
        let lines = try TextLines(path)
        #expect(Array(lines) == ["a\u{FFFD}", "b"])
        #expect(lines.repairedCount == 1)
    }

    @Test func aFileWithoutLinesIsAnError() throws {
        let path = try folder.write("\n \n", to: "t.txt")
        #expect(throws: DatasetError.emptyFile(path: path)) { try TextLines(path) }
    }
}
