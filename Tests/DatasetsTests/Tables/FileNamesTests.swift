import ConcordDatasets
import Foundation
import TestSupport
import Testing

/// The files that a table's fields name.
@Suite struct FileNamesTests {
    private let folder = TemporaryFolder()

    private func paths(_ fields: [String]) throws -> [String] {
        let rows = fields.map { "\"\($0)\"\n" }.joined()
        return try Table(csv: folder.write("f\n" + rows, to: "t.csv")).map {
            let path = $0.path("f"), root = folder.path + "/"
            return path.utf8.starts(with: root.utf8) ? String(path.dropFirst(root.count)) : path
        }
    }

    @Test func aNameInTheOtherNormalizationFormIsFound() throws {
        let composed = "caf\u{E9}", decomposed = "cafe\u{301}"
        _ = try folder.write("x", to: "\(decomposed) gr\u{FC}n/\(composed).png")
        let found = try paths([
            "\(composed) gru\u{308}n/\(decomposed).png", "\(composed) gr\u{FC}n/\(composed).png",
            "\(composed)/none.png",
        ])
        // As bytes: texts compare by canonical equivalence.
        #expect(
            found.map { Array($0.utf8) } == [
                Array("\(decomposed) gr\u{FC}n/\(composed).png".utf8),
                Array("\(decomposed) gr\u{FC}n/\(composed).png".utf8),
                Array("\(composed)/none.png".utf8),
            ])
        // Rows that spell one file in both forms are on one side of a split.
        let rows = ["\(decomposed) gr\u{FC}n/\(composed).png", "\(composed) gr\u{FC}n/\(decomposed).png"]
        let table = try Table(csv: folder.write("f\n" + rows.joined(separator: "\n") + "\n", to: "s.csv"))
        for modulo in 2...9 {
            let parts = try table.split(by: Split(column: "f", modulo: modulo))
            #expect(parts.train.isEmpty || parts.heldOut.isEmpty)
        }
    }

    @Test func whiteSpaceAroundANameIsNoPartOfItUnlessTheFileHasIt() throws {
        _ = try folder.write("x", to: "a.png")
        _ = try folder.write("x", to: "b.png ")
        _ = try folder.write("x", to: "b.png")
        #expect(try paths([" a.png ", "b.png ", "b.png"]) == ["a.png", "b.png ", "b.png"])
        let table = try Table(csv: folder.write("f\n" + (0..<40).map { "p\($0).png \n" }.joined(), to: "t.csv"))
        #expect(
            try table.split(by: Split(column: "f", modulo: 4)).heldOut.map(\.line)
                == (0..<40).filter { CRC32.checksum("p\($0).png".utf8) % 4 == 0 }.map { $0 + 2 })
    }

    @Test func addressesOfFilesAreTheirPathsAndOthersStay() throws {
        #expect(
            try paths([
                "file:///data/a%20b%C3%A9.png", "FILE://localhost/x%zz.png", "file:/y", "https://e.org/a.png",
                "files/a.png",
            ])
                == ["/data/a bé.png", "/x%zz.png", "/y", "https://e.org/a.png", "files/a.png"])
    }

    @Test(arguments: [
        ("https://e.org/a.png", "it is a web address, and only files are read: download it first and name the file"),
        ("C:\\images\\a.png", "it is a Windows path with a drive letter"),
        ("C:/images/a.png", "it is a Windows path with a drive letter"),
        ("images\\a.png", "it is a Windows path with backslashes; write images/a.png"),
        ("photo.JPG", "the folder has photo.jpg, in other letters"),
        ("none.png", "No such file or directory; check the path"),
    ]) func aMissingFilesErrorSaysWhatMayBeWrongWithItsPath(field: String, hint: String) throws {
        _ = try folder.write("x", to: "photo.jpg")
        let rows = try Table(csv: folder.write("f\n\(field)\n", to: "t.csv")), path = rows[0].path("f")
        #expect { try Image(contentsOf: path) } throws: { "\($0)".contains(hint) }
        #expect { try Audio(contentsOf: path) } throws: { "\($0)".contains(hint) }
    }
}
