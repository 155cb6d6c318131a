import ConcordDatasets
import ConcordRecipes
import Foundation
import TestSupport
import Testing

/// Nothing in a folder is dropped without a count.
@Suite struct MediaFilesTests {
    private let folder = TemporaryFolder()

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: (folder.file(name) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file(name)))
    }

    private let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
        jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0]

    @Test func everyFileIsListedRejectedOrCounted() throws {
        try write(jpeg, "p/a.jfif")
        try write(png, "p/noending")
        try write(Array("RIFF....WEBPVP8 ".utf8), "p/b.webp")
        try write(Array("GIF89a".utf8), "p/c.gif")
        try write(Array("....ftypheic".utf8), "p/d.jpg")
        try write(Array("<!DOCTYPE html>".utf8), "p/e.png")
        try write(Array("read me".utf8), "p/readme.txt")
        try write(Array("RIFF....WAVEfmt ".utf8), "p/sound.wav")
        try FileManager.default.createSymbolicLink(atPath: folder.file("p/f.jpg"), withDestinationPath: "gone.jpg")
        try FileManager.default.createSymbolicLink(atPath: folder.file("p/again.jfif"), withDestinationPath: "a.jfif")
        let listing = try MediaFiles.list([folder.file("p")], .image)
        #expect(listing.paths == ["a.jfif", "b.webp", "noending"].map { folder.file("p/" + $0) })
        #expect(
            listing.rejected.map { $0.name.replacing(folder.path + "/p/", with: "") + ": " + $0.reason } == [
                "c.gif: GIF images are not read; make it a PNG or JPEG, for example with: magick 'c.gif' 'c.png'",
                """
                    d.jpg: HEIC images are not read; make it a PNG or JPEG, for example with: heif-convert 'd.jpg' \
                    'd.png'
                    """,
                "e.png: not an image: it is an HTML page, perhaps a failed download",
                "f.jpg: No such file or directory (a link to nothing)",
            ])
        #expect(listing.count == 7 && listing.otherCount == 2 && listing.repeatedCount == 1)
    }

    @Test func whatIsNamedItselfIsListedOrRejected() throws {
        try write(png, "a")
        try write(Array("text".utf8), "b.png")
        let listing = try MediaFiles.list(["a", "b.png", "gone.png"].map(folder.file), .image)
        #expect(listing.paths == [folder.file("a")])
        let missing = "No such file or directory; check the path"
        #expect(listing.rejected.map(\.reason) == ["not an image: it begins with the bytes 74 65 78 74", missing])
        #expect { _ = try MediaFiles.list([folder.file("gone.png")], .image) } throws: {
            "\($0)" == folder.file("gone.png") + ": " + missing
        }
    }

    @Test func textInUTF16IsNoSound() throws {
        try write([0xFF, 0xFE, 0x68, 0, 0x69, 0, 0x0A, 0], "s/notes")
        try write(Array("fLaC".utf8), "s/x")
        let listing = try MediaFiles.list([folder.file("s")], .audio)
        #expect(listing.paths == [folder.file("s/x")] && listing.otherCount == 1)
    }
}
