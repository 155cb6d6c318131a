import ConcordFiles
import Foundation
import TestSupport
import Testing

@Suite struct WholeFileTests {
    private let folder = TemporaryFolder()

    @Test func whatIsWrittenIsReadBack() throws {
        let path = folder.file("text")
        for size in [0, 1, 4096, 70_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try WholeFile.write(bytes, to: path)
            #expect(try WholeFile.read(path) == bytes)
        }
        #expect(folder.contents == ["text"])
    }

    @Test func aFileThatSaysItIsEmptyIsReadToItsEnd() throws {
        #expect(try String(decoding: WholeFile.read("/proc/self/status"), as: UTF8.self).hasPrefix("Name:"))
    }

    @Test func untilItIsCommittedTheOldFileStands() throws {
        let path = folder.file("text")
        try WholeFile.write(Array("old".utf8), to: path)
        do {
            let file = try ReplacedFile(path: path)
            try file.write(Array("new".utf8))
            #expect(try WholeFile.read(path) == Array("old".utf8))
        }
        #expect(try WholeFile.read(path) == Array("old".utf8))
        #expect(folder.contents == ["text"])
    }

    @Test func aFullDiskLeavesTheOldFile() throws {
        let path = folder.file("text")
        try WholeFile.write([1, 2], to: path)
        symlink("/dev/full", path + ".partial")  // refuses every write as a full disk does
        #expect(throws: FileError(path: path, code: ENOSPC)) { try WholeFile.write([3], to: path) }
        #expect(try WholeFile.read(path) == [1, 2])
        #expect(folder.contents == ["text"])
    }

    @Test func aDeviceIsWrittenToAndNotReplaced() throws {
        try WholeFile.write([1], to: "/dev/null")
        #expect(throws: FileError(path: "/dev/full", code: ENOSPC)) { try WholeFile.write([1], to: "/dev/full") }
        #expect(!FileManager.default.fileExists(atPath: "/dev/null.partial"))
        var status = stat()
        #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func aDirectoryIsNoFile() {
        #expect(throws: FileError(path: folder.path, code: EISDIR)) { try WholeFile.read(folder.path) }
        #expect(throws: FileError(path: folder.path, code: EISDIR)) { try WholeFile.write([1], to: folder.path) }
        #expect(throws: FileError(path: folder.file("none/text"), code: ENOENT)) {
            try WholeFile.write([1], to: folder.file("none/text"))
        }
    }

    @Test func whereOnlyFilesWillDoAPipeIsAnErrorAndDoesNotHang() {
        mkfifo(folder.file("pipe"), 0o600)
        let error = #expect(throws: FileError.self) { try WholeFile.read(folder.file("pipe"), onlyFiles: true) }
        #expect(error?.reason == "it is not a regular file")
        #expect(FileError(path: "x", code: ENOENT).isMissing)
    }
}
