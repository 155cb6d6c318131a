import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct DecodingTests {
    @Test(arguments: ["444", "422", "420", "progressive", "grey", "dot"])
    func aJpegDecodesAsPillowDecodesIt(name: String) throws {
        expectSame(try Image(contentsOf: path(name + ".jpg")), name + ".jpg", levels: 1)
    }

    @Test(arguments: ["cmyk", "ycck"])
    func fourInksBecomeRGBAsInPillow(name: String) throws {
        expectSame(try Image(contentsOf: path(name + ".jpg")), name + ".jpg", levels: 1)
    }

    @Test(arguments: 1...8)
    func exifOrientationIsApplied(orientation: Int) throws {
        let name = "orientation\(orientation).jpg"
        let file = try EncodedImage(contentsOf: path(name))
        #expect([file.width, file.height] == (orientation < 5 ? [12, 7] : [7, 12]))
        expectSame(try file.decoded(), name, levels: 1)
    }

    @Test(arguments: ["rgb", "interlaced", "rgb16", "grey16", "grey", "bilevel", "palette"])
    func everyKindOfPngDecodes(name: String) throws {
        expectSame(try Image(contentsOf: path(name + ".png")), name + ".png")
    }

    @Test(arguments: ["rgba", "greyalpha", "palettealpha"])
    func transparencyShowsWhiteUnlessToldOtherwise(name: String) throws {
        expectSame(try Image(contentsOf: path(name + ".png")), name + ".png")
    }

    @Test func transparencyShowsTheBackgroundAskedFor() throws {
        expectSame(try Image(contentsOf: path("rgba.png"), background: Image.Color(0, 40, 250)), "rgba.png on blue")
    }

    @Test func theKindOfFileIsToldByItsBytesNotItsName() throws {
        let folder = TemporaryFolder()
        expectSame(try Image(contentsOf: folder.write(bytes("rgb.png"), to: "photo.jpg")), "rgb.png")
    }

    @Test func aLargeImageIsShrunkWhileDecodingButNotBelowTheSideAskedFor() throws {
        let file = try EncodedImage(scene(640, 400).jpegData())
        let sizes = try [400, 201, 200, 100, 51, 50, 10].map { try file.decoded(shortestSide: $0).height }
        #expect(sizes == [400, 400, 200, 100, 100, 50, 50])
    }

    @Test func aShrunkImageIsTheSameImage() throws {
        let file = try EncodedImage(scene(256, 192).jpegData(quality: 95))
        let whole = try file.decoded().resized(width: 32, height: 24),
            shrunk = try file.decoded(shortestSide: 48).resized(width: 32, height: 24)
        let difference = zip(whole.pixels.bytes, shrunk.pixels.bytes).map { abs(Float($0) - Float($1)) }
        #expect(difference.reduce(0, +) / Float(difference.count) < 3)
    }

    @Test(arguments: [
        "444", "422", "420", "progressive", "grey", "cmyk", "orientation3", "orientation6", "orientation7",
    ])
    func decodingAPartEqualsDecodingTheWholeAndCropping(name: String) throws {
        let file = try EncodedImage(contentsOf: path(name + ".jpg")), whole = try file.decoded()
        var random = RandomKey(seed: 1).derived(name).sequence
        for _ in 0..<30 {
            let w = 1 + random.integer(below: file.width), h = 1 + random.integer(below: file.height)
            let part = PixelRectangle(
                x: random.integer(below: file.width - w + 1), y: random.integer(below: file.height - h + 1), width: w,
                height: h)
            #expect(try file.resized(part, width: w, height: h) == whole.cropped(to: part), "\(part)")
        }
    }

    @Test func aWrittenJpegReadsBackNearlyTheSame() throws {
        let image = scene(6, 6).resized(width: 40, height: 30), folder = TemporaryFolder()
        try image.write(jpeg: folder.file("out.jpg"), quality: 97)
        let back = try Image(contentsOf: folder.file("out.jpg"))
        #expect([back.width, back.height] == [40, 30])
        let difference = zip(image.pixels.bytes, back.pixels.bytes).map { abs(Int($0) - Int($1)) }
        #expect(difference.reduce(0, +) < 6 * difference.count)
    }
}
