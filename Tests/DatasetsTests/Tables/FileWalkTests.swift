import ConcordDatasets
import Foundation
import TestSupport
import Testing

/// Each folder and each file counts once, whatever links lead to it.
@Suite struct FileWalkTests {
    private let folder = TemporaryFolder()

    private func touch(_ names: String...) throws { for name in names { _ = try folder.write("x", to: name) } }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: target)
    }

    private func files(under name: String = "") throws -> [String] {
        try FileWalk.files(under: folder.file(name)).files
    }

    @Test func aFoldersOwnFilesComeBeforeThoseOfItsFolders() throws {
        try touch("b.txt", "a/z.txt", "a/b/c.txt", "Z.txt", "a/a.txt", ".hidden", ".git/x")
        #expect(try files() == ["Z.txt", "b.txt", "a/a.txt", "a/z.txt", "a/b/c.txt"])
    }

    @Test(arguments: [["."], [".", "."], [".."], ["../.."], ["..", ".", "/"], ["/"]]) func linksUpwardsAddNothing(
        targets: [String]
    ) throws {
        try touch("top/mug/1.jpg", "top/mug/2.jpg", "top/cup/3.jpg", "aside.jpg")
        for (number, target) in targets.enumerated() { try link("top/mug/a\(number)", to: target) }
        #expect(try files(under: "top") == ["cup/3.jpg", "mug/1.jpg", "mug/2.jpg"])
        #expect(try files(under: "top/mug").prefix(2) == ["1.jpg", "2.jpg"])
        #expect(try FileWalk.files(under: folder.file("top")).repeated.count == targets.count)
    }

    @Test func theDirectNameIsTakenAndTheLinkIsNot() throws {
        try touch("mug/1.jpg", "mug/2.jpg")
        try link("alias", to: "mug")
        try link("mug/0.jpg", to: "2.jpg")
        try FileManager.default.linkItem(atPath: folder.file("mug/1.jpg"), toPath: folder.file("mug/9.jpg"))
        let found = try FileWalk.files(under: folder.path)
        #expect(found.files == ["mug/1.jpg", "mug/2.jpg"])
        #expect(found.repeated.sorted() == ["alias", "mug/0.jpg", "mug/9.jpg"].map(folder.file))
    }

    @Test func linksThatLeadElsewhereAreFollowedOnce() throws {
        try touch("store/x/1.jpg", "store/2.jpg", "data/0.jpg")
        try link("data/b", to: "../store")
        try link("data/a", to: "../store/x")
        try link("data/1.jpg", to: "../store/2.jpg")
        // The first link in the order of the walk gives the name; what it has found is not found again below another.
        #expect(try files(under: "data") == ["0.jpg", "1.jpg", "a/1.jpg"])
    }

    @Test func aLinkToNothingIsAFileForWhoeverOpensItToName() throws {
        try touch("a.jpg")
        try link("b.jpg", to: "gone.jpg")
        try link("loop.jpg", to: "loop.jpg")
        #expect(try files() == ["a.jpg", "b.jpg", "loop.jpg"])
    }

    @Test func namesThatAreNotUTF8AreListedAndOpened() throws {
        let bytes: [UInt8] = Array(folder.path.utf8) + Array("/lat".utf8) + [0xE9] + Array(".txt".utf8)
        let descriptor = bytes.map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { name in
            open(Array(name) + [0], O_CREAT | O_WRONLY, 0o666)
        }
        try #require(descriptor >= 0)
        #expect(write(descriptor, "hello\n", 6) == 6)
        close(descriptor)
        let name = try #require(try files().first)
        #expect(try files().count == 1 && name.unicodeScalars.map(\.value)[3] == 0x10FEE9)
        #expect(try Array(TextLines(folder.file(name))) == ["hello"])
    }

    @Test func aFolderOfManyLevelsIsWalked() throws {
        let deep = (0..<200).map { "d\($0)" }.joined(separator: "/")
        try touch(deep + "/x.txt")
        #expect(try files() == [deep + "/x.txt"])
    }
}
