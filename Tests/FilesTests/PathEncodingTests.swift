import ConcordFiles
import Testing

@Suite struct PathEncodingTests {
    private func decoded(_ bytes: [UInt8]) -> String { bytes.withUnsafeBufferPointer { PathEncoding.decoded($0) } }

    @Test(arguments: ["", "a.png", "Zürich/猫.jpg", "😀", "\u{10FFFF}"]) func namesInUTF8StayAsTheyAre(name: String) {
        #expect(decoded(Array(name.utf8)) == name)
        #expect(PathEncoding.bytes(of: name) == Array(name.utf8))
    }

    @Test(
        arguments: [
            [0xE9], Array("lat".utf8) + [0xE9, 0x2E], [0xC3], [0xC3, 0xA9, 0xFF], [0xED, 0xA0, 0x80],
            [0xF4, 0x8F, 0xBB, 0xA9],
            [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0xC0, 0xAF], [0x83, 0x65, 0x83, 0x58, 0x83, 0x67],
        ] as [[UInt8]]) func everyNameComesBackByteByByte(bytes: [UInt8])
    {
        #expect(PathEncoding.bytes(of: decoded(bytes)) == bytes)
    }

    @Test func differentNamesAreDifferentPaths() {
        #expect(decoded([0xE9]) != decoded([0xEA]))
        #expect(decoded([0xE9]) != decoded([0xF4, 0x8F, 0xBB, 0xA9]))
        #expect(PathEncoding.readable(decoded(Array("lat".utf8) + [0xE9])) == "lat\\xE9")
    }
}
