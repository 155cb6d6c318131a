import ConcordDatasets
import Foundation
import TestSupport
import Testing

@Suite struct ListingTests {
    private let folder = TemporaryFolder()

    private func touch(_ names: String...) throws { for name in names { _ = try folder.write("x", to: name) } }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)".replacing(folder.path, with: "ROOT") }
        return "nothing was thrown"
    }

    @Test func classesAreFoldersInOrder() throws {
        try touch(
            "dog/b.JPG", "dog/a.png", "cat/deep/er/z.jpeg", "cat/notes.txt", "Zebra/1.jpg", "cat/.hidden.jpg",
            ".git/x.jpg", "loose.jpg")
        let images = try ImageFolder(folder.path)
        #expect(images.classNames.names == ["Zebra", "cat", "dog"])
        #expect(
            images.table.map { $0["filepath"] } == ["Zebra/1.jpg", "cat/deep/er/z.jpeg", "dog/a.png", "dog/b.JPG"])
        #expect(try images.table.map { try images.classNames.label(of: $0["label"]) } == [0, 1, 2, 2])
        #expect(images.table[2].path("filepath") == folder.file("dog/a.png"))
        #expect(images.table[2].place == folder.file("dog/a.png"))
    }

    @Test func aLinkToNothingIsListedSoThatItIsNamedWhenOpened() throws {
        try touch("dog/a.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("dog/b.jpg"), withDestinationPath: folder.file("gone.jpg"))
        #expect(try ImageFolder(folder.path).table.map { $0["filepath"] } == ["dog/a.jpg", "dog/b.jpg"])
    }

    @Test func faultyFoldersAreNamed() throws {
        #expect(message { _ = try ImageFolder(folder.file("none")) } == "ROOT/none: No such file or directory")
        try touch("loose.jpg")
        #expect(message { _ = try ImageFolder(folder.path) }.hasPrefix("ROOT: no folder inside"))
        try touch("dog/a.gif", "cat/a.txt")
        #expect(message { _ = try ImageFolder(folder.path) } == "ROOT: no image in this folder")
        try touch("dog/a.jpg")
        let images = try ImageFolder(folder.path)
        #expect(images.classNames.names == ["dog"] && images.table.map { $0["filepath"] } == ["dog/a.jpg"])
    }

    @Test func columnsComeFromFileNames() throws {
        try touch("7_jackson_0.wav", "10_theo_49.wav", "readme.md")
        let listing = try FileListing(folder.path, pattern: "{digit}_{speaker}_{take}.wav")
        #expect(listing.table.columns == ["filepath", "digit", "speaker", "take"])
        #expect(
            listing.table.map { [$0["digit"], $0["speaker"], $0["take"]] } == [
                ["10", "theo", "49"], ["7", "jackson", "0"],
            ])
        #expect(try ClassNames(of: listing.table, column: "speaker").names == ["jackson", "theo"])
    }

    @Test func foldersCanBePartOfAPattern() throws {
        try touch("anna/1-one.wav", "ben/2-two-b.wav", "top.wav")
        let listing = try FileListing(folder.path, pattern: "{speaker}/{number}-{word}.wav", badFileFraction: 1)
        #expect(
            listing.table.map { [$0["speaker"], $0["number"], $0["word"]] } == [
                ["anna", "1", "one"], ["ben", "2", "two-b"],
            ])
        #expect(listing.table.badRows.count == 1)
    }

    @Test func namesWithTabsQuotesAndLineEndsSurvive() throws {
        try touch("a\t\"b\"\nc_1.wav")
        let row = try FileListing(folder.path, pattern: "{name}_{n}.wav").table[0]
        #expect(row["name"] == "a\t\"b\"\nc")
        #expect(row["n"] == "1")
        #expect(FileManager.default.fileExists(atPath: row.path("filepath")))
    }

    @Test func misnamedFilesAreLeftOutAndNamed() throws {
        try touch("1_a.wav", "2_b.wav", "noise.wav")
        let listing = try FileListing(folder.path, pattern: "{n}_{who}.wav")
        #expect(listing.table.count == 2)
        #expect(listing.table.badRows.examples == ["\(folder.file("noise.wav")): does not match \"{n}_{who}.wav\""])
    }

    @Test func aPatternThatMatchesNothingShowsAFile() throws {
        #expect(message { _ = try FileListing(folder.path, pattern: "{n}.wav") } == "ROOT: no file in this folder")
        try touch("a.flac")
        #expect(
            message { _ = try FileListing(folder.path, pattern: "{n}.wav") }
                == "ROOT: no file matches \"{n}.wav\" (data.pattern); a file there is \"a.flac\"")
    }

    @Test(arguments: ["a.wav", "{a}{b}.wav", "{a}_{a}.wav", "{a.wav", "a}.wav", "{}.wav", "{filepath}.wav"])
    func faultyPatternsAreErrors(
        pattern: String
    ) {
        #expect(throws: DatasetError.self) { try FileListing(folder.path, pattern: pattern) }
    }

    @Test func filesCanBeListedByExtension() throws {
        try touch("b/x.WAV", "a.wav", "c.txt")
        #expect(try FileListing(folder.path, extensions: ["wav"]).table.map { $0["filepath"] } == ["a.wav", "b/x.WAV"])
        #expect(
            message { _ = try FileListing(folder.path, extensions: ["mp3"]) } == "ROOT: no .mp3 file in this folder")
    }

    @Test func anUnknownClassIsNamedWithTheNearest() {
        let names = ClassNames(["cat", "horse"])
        #expect(
            message { _ = try names.label(of: "hors") }
                == "no class \"hors\" (did you mean \"horse\"?); the classes are \"cat\", \"horse\""
        )
    }
}
