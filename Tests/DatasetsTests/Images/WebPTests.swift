import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing

struct WebPTests {
    private let folder = TemporaryFolder()
    private static var wanted: Fixture { Fixture("webp") }

    @Test(arguments: ["lossy", "lossless", "lossyalpha", "losslessalpha", "animated", "orientation3", "orientation6"])
    func aWebPDecodesAsPillowDecodesIt(name: String) throws {
        let image = try Image(contentsOf: path(name + ".webp")), wanted = Self.wanted[name + ".webp"]
        #expect(image.pixels.shape == wanted.shape)
        let worst = zip(image.pixels.bytes, wanted.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(worst <= 1)
    }

    @Test func theHeadersSizeIsTheUprightOne() throws {
        let file = try EncodedImage(contentsOf: path("orientation6.webp"))
        #expect([file.width, file.height] == [7, 12])
    }

    @Test func transparencyShowsTheBackgroundAskedFor() throws {
        let image = try Image(contentsOf: path("losslessalpha.webp"), background: Image.Color(0, 40, 250))
        #expect(image[0, 0] == Image.Color(0, 40, 250))
    }

    @Test(arguments: ["lossy", "lossless", "lossyalpha", "animated"], [0.1, 0.5, 0.9, 0.999])
    func aTruncatedWebPIsDamaged(name: String, fraction: Double) throws {
        let whole = try bytes(name + ".webp")
        let cut = try folder.write(Array(whole.prefix(Int(Double(whole.count) * fraction))), to: "cut.webp")
        #expect { _ = try Image(contentsOf: cut) } throws: { error in
            if case ImageError.damaged(cut, _) = error { true } else { false }
        }
    }

    @Test func aWebPThatClaimsAHugeCanvasIsRefused() throws {
        // The canvas of an extended header: 24 bits a side, less one.
        var file = try bytes("animated.webp")
        file.replaceSubrange(24..<30, with: [0x5F, 0xEA, 0, 0x5F, 0xEA, 0])
        let path = try folder.write(file, to: "huge.webp")
        #expect(throws: ImageError.tooLarge(path: path, width: 60000, height: 60000, limit: 100_000_000)) {
            _ = try Image(contentsOf: path)
        }
    }

    @Test(arguments: ["lossy", "lossless", "lossyalpha", "losslessalpha", "animated", "orientation6"])
    func noCorruptionDoesWorseThanAnError(name: String) throws {
        let whole = try bytes(name + ".webp")
        var random = RandomKey(seed: 4).derived(name).sequence
        for round in 0..<300 {
            var file = whole
            for _ in 0...random.integer(below: 4) {
                file[random.integer(below: file.count)] = UInt8(random.integer(below: 256))
            }
            if round % 3 == 0 { file = Array(file.prefix(random.integer(below: file.count))) }
            do {
                var image = try EncodedImage(file)
                image.pixelLimit = 1 << 20
                _ = try image.decoded()
            } catch { #expect(error is ImageError) }
        }
    }
}
