import ConcordFiles
import Foundation
import TestSupport
import Testing

@Suite struct ReplacedFileTests {
    private let folder = TemporaryFolder()

    @Test func withoutCommitTheOldFileStaysAndNothingIsLeftBehind() throws {
        let path = try folder.write("old", to: "file")
        do {
            let file = try ReplacedFile(path: path)
            try file.write(Array("new".utf8))
            #expect(folder.contents == ["file", "file.partial"])
        }
        #expect(folder.contents == ["file"])
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    }

    @Test(arguments: [true, false]) func commitReplacesTheWholeFile(isDurable: Bool) throws {
        let path = try folder.write("a longer old text", to: "file")
        var file = try ReplacedFile(path: path)
        try file.write(Array("n".utf8))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a longer old text", "readers see the old one")
        try file.write(Array("ew".utf8))
        try file.commit(isDurable: isDurable)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
        #expect(folder.contents == ["file"])
    }

    @Test func anInterruptedWriteIsWrittenOver() throws {
        _ = try folder.write("half of some other file", to: "file.partial")
        var file = try ReplacedFile(path: folder.file("file"))
        try file.write([65])
        try file.commit()
        #expect(try String(contentsOfFile: folder.file("file"), encoding: .utf8) == "A")
        #expect(folder.contents == ["file"])
    }

    /// The file is written beside its place, so the two are on one device, wherever the temporary folder is.
    @Test func anotherDeviceThanTheTemporaryFoldersIsWrittenTo() throws {
        let path = "/dev/shm/concord-test-" + UUID().uuidString
        guard FileManager.default.isWritableFile(atPath: "/dev/shm") else { try Test.cancel("no /dev/shm here") }
        defer { try? FileManager.default.removeItem(atPath: path) }
        try WholeFile.write([1, 2], to: path)
        #expect(try WholeFile.read(path) == [1, 2])
    }

    @Test func whatCannotBeReplacedIsAnError() {
        #expect(throws: FileError(path: folder.path, code: EISDIR)) { _ = try ReplacedFile(path: folder.path) }
        #expect(throws: FileError.self) { _ = try ReplacedFile(path: folder.file("none/file")) }
    }
}
