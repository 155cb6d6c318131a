import ConcordDatasets
import TestSupport
import Testing

@Suite struct TableReadingTests {
    private let folder = TemporaryFolder()

    private func table(
        _ text: String, separator: Character = ",", quoting: Quoting = .standard, columns: [String] = []
    ) throws -> Table {
        try Table(csv: folder.write(text, to: "t.csv"), separator: separator, quoting: quoting, columns: columns)
    }

    @Test func fieldsAreFoundByColumnName() throws {
        let table = try table("filepath,title\na.jpg,red apple\nb/c.jpg,\n")
        #expect(table.columns == ["filepath", "title"])
        #expect(table.map { $0["title"] } == ["red apple", ""])
        #expect(table[1].path("filepath") == folder.file("b/c.jpg"))
        #expect(table.map(\.line) == [2, 3])
        #expect(table[1].place == folder.file("t.csv") + ":3")
        #expect(table.badRows.count == 0)
    }

    @Test func pathsAreSeenFromTheRootUnlessAbsolute() throws {
        let path = try folder.write("p\na.jpg\n/b.jpg\n", to: "t.csv")
        #expect(try Table(csv: path, root: "/data").map { $0.path("p") } == ["/data/a.jpg", "/b.jpg"])
    }

    @Test(arguments: [
        ("a,b\n\"x, y\",2\n", ["x, y", "2"]),
        ("a,b\n\"say \"\"hi\"\"\",2\n", ["say \"hi\"", "2"]),
        ("a,b\n\"two\nlines\",2\n", ["two\nlines", "2"]),
        ("a,b\r\n\"two\r\nlines\",2\r\n", ["two\r\nlines", "2"]),
        ("a,b\n\"\",\"\"\n", ["", ""]),
        ("a,b\n\"\"\"\",x\n", ["\"", "x"]),
        ("a,b\n5\" disk,x\n", ["5\" disk", "x"]),
        ("a,b\nx,\"y\"", ["x", "y"]),
        ("a,b\r\nx,y\r\n", ["x", "y"]),
        ("a,b\nx,y\r", ["x", "y"]),
        ("a,b\rx,y\r", ["x", "y"]),
        ("a,b\r\"x\ny\",\"z\"\r", ["x\ny", "z"]),
        (" a ,\"b \"\nx,y\n", ["x", "y"]),
        ("\u{FEFF}a,b\nx,y\n", ["x", "y"]),
        ("\n\na,b\n\nx,y\n\n", ["x", "y"]),
        ("\"a\",\"b\"\nä 🍎,y\n", ["ä 🍎", "y"]),
    ]) func standardQuoting(text: String, fields: [String]) throws {
        let table = try table(text)
        #expect(table.count == 1)
        #expect(table.badRows.count == 0)
        #expect(table.columns == ["a", "b"])
        #expect(table.first.map { [$0["a"], $0["b"]] } == fields)
    }

    @Test func withoutQuotingQuotesAreText() throws {
        let table = try table("a\tb\n\"x\ty\" z\n", separator: "\t", quoting: .none)
        #expect(table.first.map { [$0["a"], $0["b"]] } == ["\"x", "y\" z"])
    }

    @Test func aRowIsNamedByItsFirstLineWhenFieldsSpanLines() throws {
        let table = try table("a,b\n\"1\n2\n3\",x\ny,z\n")
        #expect(table.map(\.line) == [2, 5])
    }

    @Test func namesCanBeGivenWhereTheFileHasNone() throws {
        let table = try Table(csv: folder.write("1,2\n3,4\n", to: "t.csv"), columns: ["y"], header: ["x", "y"])
        #expect(table.map { $0["y"] } == ["2", "4"])
    }

    @Test func rowsOfALongTableKeepTheirPlaces() throws {
        var text = "filepath,title\n"
        for i in 0..<20_000 { text += "images/\(i).jpg,title number \(i)\n" }
        let table = try table(text)
        #expect(table.count == 20_000)
        #expect(table[19_999]["title"] == "title number 19999")
        #expect(table[12_345].line == 12_347)
    }

    @Test func integersAreReadOrNamed() throws {
        let table = try table("n\n12\ntwelve\n")
        #expect(try table[0].integer("n") == 12)
        #expect(throws: DatasetError.notAnInteger(place: folder.file("t.csv") + ":3", column: "n", value: "twelve")) {
            try table[1].integer("n")
        }
    }
}
