import ConcordFiles
import Foundation
import TestSupport
import Testing

@Suite struct FolderTests {
    private let folder = TemporaryFolder()

    @Test(arguments: ["one", "one/two/three", "one/two/three/", "four//five"]) func foldersAboveAreMadeToo(
        name: String
    ) throws {
        try Folder.make(folder.file(name))
        try Folder.make(folder.file(name))
        var isFolder: ObjCBool = false
        #expect(FileManager.default.fileExists(atPath: folder.file(name), isDirectory: &isFolder) && isFolder.boolValue)
    }

    @Test func whatStandsInTheWayIsNamed() throws {
        let file = folder.file("taken")
        try WholeFile.write([1], to: file)
        for path in [file, file + "/inside"] {
            let error = #expect(throws: FileError.self) { try Folder.make(path) }
            #expect(error?.path == file && error?.reason == "a folder wanted, a file is there")
        }
        let refused = #expect(throws: FileError.self) { try Folder.make("/proc/none/inside") }
        #expect(refused?.path == "/proc/none" && refused?.code == ENOENT)
    }
}
