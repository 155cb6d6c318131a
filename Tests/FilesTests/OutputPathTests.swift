import ConcordFiles
import Foundation
import TestSupport
import Testing

@Suite struct OutputPathTests {
    private let folder = TemporaryFolder()

    @Test func anOutputThatIsAnInputIsRefusedByWhateverPathOrLink() throws {
        let input = folder.file("corpus.txt"), other = folder.file("other.txt")
        for path in [input, other] { try WholeFile.write([1], to: path) }
        let link = folder.file("link"), hard = folder.file("hard")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: input)
        try FileManager.default.linkItem(atPath: input, toPath: hard)
        let same = [input, link, hard, folder.path + "/./corpus.txt", folder.path + "//corpus.txt"]
        for output in same {
            let error = #expect(throws: FileError.self) {
                try OutputPath.requireDistinct(output, from: [other, input])
            }
            #expect(error?.path == output && error?.reason.contains("input") == true)
        }
        try OutputPath.requireDistinct(folder.file("new"), from: [input, other, folder.file("absent")])
        try OutputPath.requireDistinct(other, from: [input])
    }

    /// Writing begins with `PATH.partial`.
    @Test func anInputAtTheTemporaryPathIsRefusedToo() throws {
        let input = folder.file("index.partial")
        try WholeFile.write([1], to: input)
        #expect(throws: FileError.self) { try OutputPath.requireDistinct(folder.file("index"), from: [input]) }
    }

    @Test func aDeviceMayBeBoth() throws { try OutputPath.requireDistinct("/dev/null", from: ["/dev/null"]) }
}
