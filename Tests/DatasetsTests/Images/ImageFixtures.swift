import ConcordDatasets
import ConcordTensors
import TestSupport
import Testing
#if canImport(Glibc)
    import Glibc
#endif

var images: Fixture { Fixture("images") }

func path(_ name: String) -> String { Fixture.directory + "/images/" + name }

func bytes(_ name: String) throws -> [UInt8] {
    let file = try #require(fopen(path(name), "rb"))
    defer { fclose(file) }
    return [UInt8](unsafeUninitializedCapacity: 1 << 16) { $1 = fread($0.baseAddress, 1, $0.count, file) }
}

func expected(_ name: String) -> Image { Image(pixels: images[name]) }

/// Every value within `levels` of the expected one.
func expectSame(_ image: Image, _ name: String, levels: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) {
    let wanted = images[name]
    #expect(image.pixels.shape == wanted.shape, "\(name)", sourceLocation: sourceLocation)
    let worst = zip(image.pixels.bytes, wanted.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(worst <= levels, "\(name): off by \(worst) levels", sourceLocation: sourceLocation)
}

/// A smooth image with detail, made here.
func scene(_ width: Int, _ height: Int) -> Image {
    var bytes: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            bytes += [UInt8(x * 255 / width), UInt8((x * x + y * y) / 3 % 256), UInt8(y * 255 / height)]
        }
    }
    return Image(pixels: Tensor(bytes, shape: [height, width, 3]))
}
