import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

/// Every wrong file gives one line with its path and the reason.
struct BadImageTests {
    private let folder = TemporaryFolder()

    private func expectError(
        _ path: String, saying words: String, limit: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation,
        where matches: (ImageError) -> Bool
    ) {
        do {
            var file = try EncodedImage(contentsOf: path)
            if let limit { file.pixelLimit = limit }
            _ = try file.decoded()
            Issue.record("read without complaint", sourceLocation: sourceLocation)
        } catch let error as ImageError {
            #expect(matches(error), "\(error)", sourceLocation: sourceLocation)
            let line = "\(error)"
            #expect(
                line.hasPrefix(path + ": ") && line.contains(words) && !line.contains("\n"), "\(line)",
                sourceLocation: sourceLocation)
        } catch { Issue.record(error, sourceLocation: sourceLocation) }
    }

    @Test(arguments: ["420.jpg", "progressive.jpg", "grey.jpg", "cmyk.jpg"], [0.5, 0.9, 0.99])
    func aTruncatedJpegIsDamaged(name: String, fraction: Double) throws {
        let whole = try bytes(name)
        let path = try folder.write(Array(whole.prefix(Int(Double(whole.count) * fraction))), to: name)
        expectError(path, saying: "damaged") { if case .damaged = $0 { true } else { false } }
    }

    @Test func aTruncatedJpegIsDamagedEvenIfOnlyAPartIsWanted() throws {
        let whole = try bytes("444.jpg"), file = try EncodedImage(Array(whole.dropLast(20)), path: "cut.jpg")
        #expect(throws: ImageError.damaged(path: "cut.jpg", reason: "the file ends too early")) {
            _ = try file.resized(PixelRectangle(x: 0, y: 0, width: 8, height: 4), width: 8, height: 4)
        }
    }

    @Test func theDecodersOwnWordsAreCarried() throws {
        let path = try folder.write(Array(bytes("444.jpg").dropLast(100)), to: "cut.jpg")
        expectError(path, saying: "Premature end of JPEG file") { if case .damaged = $0 { true } else { false } }
    }

    @Test(arguments: ["rgb.png", "interlaced.png", "palette.png", "rgba.png"], [0.3, 0.7, 0.97])
    func aTruncatedPngIsDamaged(name: String, fraction: Double) throws {
        let whole = try bytes(name)
        let path = try folder.write(Array(whole.prefix(Int(Double(whole.count) * fraction))), to: name)
        expectError(path, saying: "damaged") { if case .damaged = $0 { true } else { false } }
    }

    @Test func aPngWithAFlippedBitIsDamaged() throws {
        var wrong = try bytes("rgb.png")
        wrong[wrong.count / 2] ^= 8
        expectError(try folder.write(wrong, to: "flipped.png"), saying: "damaged") {
            if case .damaged = $0 { true } else { false }
        }
    }

    @Test func textIsNotAnImage() throws {
        expectError(try folder.write("hello", to: "a.jpg"), saying: "68 65 6c 6c") {
            if case .notAnImage = $0 { true } else { false }
        }
    }

    @Test func anEmptyFileIsNotAnImage() throws {
        expectError(try folder.write("", to: "a.png"), saying: "empty") {
            if case .notAnImage = $0 { true } else { false }
        }
    }

    @Test func aSignatureAloneIsDamaged() throws {
        expectError(try folder.write([0xFF, 0xD8, 0xFF], to: "a.jpg"), saying: "damaged") {
            if case .damaged = $0 { true } else { false }
        }
        let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        expectError(try folder.write(png, to: "a.png"), saying: "damaged") {
            if case .damaged = $0 { true } else { false }
        }
    }

    @Test func otherKindsOfPicturesAreNamed() throws {
        expectError(try folder.write("GIF89a....", to: "a.gif"), saying: "GIF") {
            if case .unsupported = $0 { true } else { false }
        }
        expectError(try folder.write("MM\0*....", to: "a.jpg"), saying: "magick 'a.jpg' 'a.png'") {
            if case .unsupported = $0 { true } else { false }
        }
    }

    @Test func aMissingFileAndADirectoryAreUnreadable() {
        expectError(folder.file("none.jpg"), saying: "No such file") {
            if case .unreadable = $0 { true } else { false }
        }
        expectError(folder.path, saying: "directory") { if case .unreadable = $0 { true } else { false } }
        expectError("/dev/null", saying: "not a regular file") { if case .unreadable = $0 { true } else { false } }
    }

    @Test(arguments: ["444.jpg", "420.jpg", "progressive.jpg"])
    func aHeaderThatClaims60000x60000IsRefused(name: String) throws {
        let path = try folder.write(claiming(60000, 60000, bytes(name)), to: name)
        expectError(path, saying: "60000x60000") { if case .tooLarge = $0 { true } else { false } }
    }

    @Test func aPngThatClaims60000x60000IsRefused() throws {
        // The header's check sum is made to fit, so that only the size is wrong.
        var file = try bytes("rgb.png")
        file.replaceSubrange(16..<24, with: [0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60])
        file.replaceSubrange(29..<33, with: checkSum(file[12..<29]))
        expectError(try folder.write(file, to: "huge.png"), saying: "60000x60000") {
            if case .tooLarge = $0 { true } else { false }
        }
    }

    @Test func aLargeImageIsReadWhenATargetLetsItShrink() throws {
        var file = try EncodedImage(scene(800, 800).jpegData(), path: "large.jpg")
        file.pixelLimit = 50_000
        #expect(throws: ImageError.tooLarge(path: "large.jpg", width: 800, height: 800, limit: 50_000)) {
            _ = try file.decoded()
        }
        #expect(try file.decoded(shortestSide: 200).width == 200)
    }

    @Test func aJpegWithoutHeightIsDamaged() throws {
        expectError(try folder.write(claiming(33, 0, bytes("444.jpg")), to: "flat.jpg"), saying: "damaged") {
            if case .damaged = $0 { true } else { false }
        }
    }

    @Test func anExifBlockThatLiesIsIgnored() throws {
        let whole = try bytes("orientation6.jpg"), upright = try Image(contentsOf: path("orientation1.jpg"))
        let block = try #require(whole.indices.first { whole[$0...].starts(with: "Exif".utf8) }) + 6
        for lie: (offset: Int, value: UInt8) in [(0, 0x58), (2, 9), (4, 0xFF), (18, 99)] {
            var file = whole
            file[block + lie.offset] = lie.value
            #expect(try Image(file) == upright, "\(lie)")
        }
    }

    @Test(arguments: [
        "420.jpg", "progressive.jpg", "cmyk.jpg", "orientation6.jpg", "interlaced.png", "palettealpha.png",
    ])
    func noCorruptionDoesWorseThanAnError(name: String) throws {
        let whole = try bytes(name)
        var random = RandomKey(seed: 3).derived(name).sequence
        for _ in 0..<150 {
            var file = whole
            for _ in 0...random.integer(below: 4) {
                file[random.integer(below: file.count)] = UInt8(random.integer(below: 256))
            }
            do {
                var image = try EncodedImage(file)
                image.pixelLimit = 1 << 20
                _ = try image.decoded()
                _ = try image.randomResizedCrop(to: 8, using: random.nextKey())
            } catch { #expect(error is ImageError) }
        }
    }

    @Test func writingWhereNothingCanBeWrittenIsAnError() {
        #expect(throws: ImageError.self) { try scene(4, 4).write(jpeg: folder.file("none/out.jpg")) }
        #expect(throws: ImageError.self) { try scene(4, 4).write(jpeg: "/dev/full") }
        #expect(throws: ImageError.self) { _ = try Image(width: 70000, height: 1).jpegData() }
    }

    /// A JPEG file with another size in its frame header.
    private func claiming(_ width: Int, _ height: Int, _ file: [UInt8]) throws -> [UInt8] {
        let frame = try #require(
            file.indices.first { file[$0] == 0xFF && $0 + 1 < file.count && [0xC0, 0xC2].contains(file[$0 + 1]) })
        var file = file
        file.replaceSubrange(
            frame + 5..<frame + 9,
            with: [UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255)])
        return file
    }

    private func checkSum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let sum = ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { s, _ in s & 1 == 1 ? s >> 1 ^ 0xEDB8_8320 : s >> 1 }
        }
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: sum >> $0) }
    }
}
