import ConcordDatasets
import Foundation
import TestSupport
import Testing

@Suite struct SplitTests {
    private let folder = TemporaryFolder()

    @Test(
        arguments: [("", 0), ("123456789", 0xCBF4_3926), ("a", 0xE8B7_BE43), ("images/0023_20e3.jpg", 0x75E3_DD88)]
            as [(String, UInt32)])
    func checksumsAreZlibs(text: String, value: UInt32) {
        #expect(CRC32.checksum(text.utf8) == value)
    }

    private func numbers(_ count: Int) throws -> Table {
        try Table(csv: folder.write("n,take\n" + (0..<count).map { "file\($0),\($0 % 10)\n" }.joined(), to: "t.csv"))
    }

    @Test func everyRowIsOnOneSideInOrder() throws {
        let table = try numbers(400)
        let (train, heldOut) = try table.split(by: Split(column: "n", modulo: 8))
        #expect(train.count + heldOut.count == 400)
        #expect(heldOut.allSatisfy { CRC32.checksum($0["n"].utf8) % 8 == 0 })
        #expect(train.map(\.line) == train.map(\.line).sorted())
        #expect(Set(train.map(\.line)).isDisjoint(with: heldOut.map(\.line)))
        let other = try table.split(by: Split(column: "n", modulo: 8, remainder: 3)).heldOut
        #expect(Set(other.map(\.line)).isDisjoint(with: heldOut.map(\.line)))
    }

    @Test func rowsCanBeHeldOutByValue() throws {
        let (train, heldOut) = try numbers(40).split(by: Split(column: "take", values: ["0", "1"]))
        #expect((train.count, heldOut.count) == (32, 8))
        #expect(train.rows { $0["take"] == "5" }.map { $0["n"] } == ["file5", "file15", "file25", "file35"])
    }

    @Test func aSplitOfASplitKeepsItsRows() throws {
        let part = try numbers(40).split { $0["take"] == "0" }.train
        let (train, heldOut) = part.split { $0["take"] == "9" }
        #expect((train.count, heldOut.count) == (32, 4))
        #expect(heldOut.map { $0["n"] } == ["file9", "file19", "file29", "file39"])
    }

    @Test func faultyRulesAreErrors() throws {
        let table = try numbers(4)
        #expect(throws: DatasetError.missingColumn(path: table.path, column: "m", columns: ["n", "take"])) {
            try table.split(by: Split(column: "m", modulo: 8))
        }
        #expect(throws: DatasetError.self) { try table.split(by: Split(column: "n", modulo: 1)) }
        #expect(throws: DatasetError.self) { try table.split(by: Split(column: "n", modulo: 8, remainder: 8)) }
    }

    private static let emoji = Fixture.sharedData + "/emoji/emoji.tsv"

    @Test(.enabled(if: FileManager.default.isReadableFile(atPath: emoji), "the emoji set is not here"))
    func theEmojiSetHolds423Of3543Out() throws {
        let table = try Table(csv: Self.emoji, separator: "\t", quoting: .none, columns: ["filepath", "title"])
        #expect(table.count == 3543)
        #expect(try table.split(by: Split(column: "filepath", modulo: 8)).heldOut.count == 423)
    }
}

/// One file is on one side of a split, whatever its rows call it.
@Suite struct SplitOfFilesTests {
    private let folder = TemporaryFolder()

    @Test func allSpellingsAndNamesOfAFileAreOnOneSide() throws {
        var names: [String] = []
        for number in 0..<40 {
            _ = try folder.write("x", to: "p/\(number).png")
            try FileManager.default.createSymbolicLink(
                atPath: folder.file("p/link\(number).png"), withDestinationPath: "\(number).png")
            names += [
                "p/\(number).png", "./p/\(number).png", "p//\(number).png", "p/../p/\(number).png",
                "p/link\(number).png",
            ]
        }
        let table = try Table(csv: folder.write("f\n" + names.joined(separator: "\n") + "\n", to: "t.csv"))
        let (train, heldOut) = try table.split(by: Split(column: "f", modulo: 7))
        // As the plain names alone are split.
        let plain = (0..<40).filter { CRC32.checksum("p/\($0).png".utf8) % 7 == 0 }
        #expect(plain.count > 2 && plain.count < 20)
        #expect(heldOut.count == 5 * plain.count && train.count == 5 * (40 - plain.count))
        #expect(
            heldOut.map { $0["f"] }.filter {
                $0.hasPrefix("p/") && !$0.contains("l") && !$0.contains("..") && !$0.contains("//")
            }
                == plain.map { "p/\($0).png" })
    }
}
