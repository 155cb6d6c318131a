import ConcordDatasets
import TestSupport
import Testing

@Suite struct BadTableTests {
    private let folder = TemporaryFolder()

    private func table(_ text: String, columns: [String] = []) throws -> Table {
        try Table(csv: folder.write(text, to: "t.csv"), columns: columns)
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)".replacing(folder.path + "/", with: "") }
        return "nothing was thrown"
    }

    @Test(arguments: [
        ("a,b\n1\n3,4\n", "t.csv:2: 1 field, 2 wanted"),
        ("a,b\n3,4\n1,2,3\n", "t.csv:3: 3 fields, 2 wanted"),
        ("a,b\n3,4\n\"x\"y,2\n", "t.csv:3: text after a closing quote; quotes inside a quoted field are doubled"),
        ("a,b\n3,4\nx, \n", "t.csv:3: column \"b\" is empty"),
        ("a,b\n\"x,1\ny\",1,2\n3,4\n", "t.csv:2: 3 fields, 2 wanted, on lines 2 to 3: a stray quote?"),
    ]) func aBadRowIsLeftOutAndNamed(text: String, reason: String) throws {
        let table = try table(text, columns: ["b"])
        #expect(table.map { $0["a"] } == ["3"])
        #expect(table.badRows.count == 1)
        #expect(table.badRows.examples.map { $0.replacing(folder.path + "/", with: "") } == [reason])
    }

    @Test func aRowThatIsNotUTF8IsLeftOutAndNamed() throws {
        let path = try folder.write(Array("a,b\n1,".utf8) + [0xC3, 0x28] + Array("\n3,4\n".utf8), to: "t.csv")
        let table = try Table(csv: path)
        #expect(table.map { $0["a"] } == ["3"])
        #expect(table.badRows.examples == ["\(path):2: not UTF-8"])
    }

    @Test func manyBadRowsAreAnError() throws {
        let good = String(repeating: "1,2\n", count: 20), bad = String(repeating: "1\n", count: 9)
        #expect(
            message { _ = try table("a,b\n" + good + bad) }
                == """
                t.csv: 9 of 29 rows are bad: wrong separator (data.separator) or quoting (data.quoting)? t.csv:22: \
                1 field, 2 wanted; t.csv:23: 1 field, 2 wanted; t.csv:24: 1 field, 2 wanted
                """
        )
        #expect(try table("a,b\n" + good + String(repeating: "1\n", count: 8)).count == 20)
        #expect(try table("a,b\n" + String(repeating: good, count: 5) + bad).badRows.count == 9)
    }

    @Test func onlyBadRowsAreAnError() {
        #expect(message { _ = try table("a,b\n1\n") }.hasPrefix("t.csv: 1 of 1 rows are bad"))
    }

    @Test func aMissingColumnIsNamedWithTheNearest() {
        #expect(
            message { _ = try table("filepath,title\na,b\n", columns: ["filepath", "titel"]) }
                == "t.csv: no column \"titel\" (did you mean \"title\"?); the columns are \"filepath\", \"title\"")
    }

    @Test func aWrongSeparatorIsSuspected() {
        #expect(
            message { _ = try table("filepath\ttitle\na\tb\n", columns: ["title"]) }
                == "t.csv: no column \"title\"; the header is one column, \"filepath\\ttitle\": fields seem to be "
                + "separated otherwise "
                + "(data.separator: tab)")
    }

    @Test func aColumnInOtherLettersIsNamed() {
        #expect(
            message { _ = try table("FilePath,title\na,b\n", columns: ["filepath", "title"]) }
                == "t.csv: no column \"filepath\"; the header has \"FilePath\", and case matters: name it so "
                + "(data.columns), or change "
                + "the header")
    }

    @Test func aMissingHeaderIsSaid() throws {
        #expect(
            message { _ = try table("a/1.png,red\na/2.png,blue\n", columns: ["filepath", "title"]) }
                == "t.csv:1: the file has no header: its first line is \"a/1.png\", \"red\", without a column "
                + "\"filepath\", \"title\"; "
                + "put a line with the names of the columns above it")
        // A file of any name that is there is no column's name either.
        _ = try folder.write("x", to: "one")
        #expect(message { _ = try table("one,red\n", columns: ["filepath"]) }.contains("the file has no header"))
        #expect(
            message { _ = try table("two,red\n", columns: ["filepath"]) }.contains(
                "no column \"filepath\"; the columns are"))
    }

    @Test(arguments: [
        ("", "t.csv: the file is empty"),
        ("\u{FEFF}", "t.csv: the file is empty"),
        ("\n\n", "t.csv: the file is empty"),
        ("a,b\n", "t.csv: a header but no rows"),
        ("a,b,a\n1,2,3\n", "t.csv:1: column \"a\" appears twice in the header"),
        (
            "a,b\n1,2\n\"3,4\n5,6\n",
            "t.csv:3: a quote opened here is never closed; close it, or read quotes as characters (data.quoting: none)"
        ),
    ]) func aFaultyFileIsAnError(text: String, reason: String) {
        #expect(message { _ = try table(text) } == reason)
    }

    @Test func otherEncodingsAreNamed() throws {
        let utf16 = try folder.write([0xFF, 0xFE, 0x61, 0, 0x0A, 0], to: "wide.csv")
        #expect(
            message { _ = try Table(csv: utf16) }
                == "wide.csv: the file is UTF-16; convert it with: iconv -f UTF-16 -t UTF-8 wide.csv > wide-utf8.csv")
        let gzip = try folder.write([0x1F, 0x8B, 8, 0], to: "t.csv.gz")
        #expect(
            message { _ = try Table(csv: gzip) }
                == "t.csv.gz: the file is compressed (gzip); unpack it with: gunzip -k t.csv.gz")
        let latin = try folder.write(Array("a,b\n1,caf".utf8) + [0xE9] + Array("\n2,x\n".utf8), to: "latin.csv")
        #expect(
            message { _ = try Table(csv: latin) }
                == "latin.csv: the file is not UTF-8 but ISO-8859-1 (Latin-1); convert it with: "
                + "iconv -f ISO-8859-1 -t UTF-8 latin.csv > latin-utf8.csv")
    }

    @Test func unreadablePathsAreNamed() {
        #expect(message { _ = try Table(csv: folder.file("none.csv")) } == "none.csv: No such file or directory")
        #expect(message { _ = try Table(csv: folder.path) }.hasSuffix(": a folder, where a file is wanted"))
    }

    @Test(arguments: ["\"", "\n", "ä", "x"] as [Character]) func aSeparatorMustBeOneByteThatIsNoText(
        separator: Character
    ) throws {
        let path = try folder.write("a\n1\n", to: "t.csv")
        #expect(throws: DatasetError.separator(String(separator))) { try Table(csv: path, separator: separator) }
    }
}
