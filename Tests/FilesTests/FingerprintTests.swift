import ConcordFiles
import Testing

@Suite struct FingerprintTests {
    private static let long = (0..<101).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    @Test(arguments: [
        ([UInt8](), UInt64(0), "ef46db3751d8e999"), (Array("abc".utf8), 0, "44bc2cf5ad770999"),
        (long, 0, "dd84e97f5cbc99f8"),
        (long, 2_654_435_761, "11a829c04231a6ca"),
    ])
    func itIsXXH64AsTheReferenceComputesIt(bytes: [UInt8], seed: UInt64, expected: String) {
        var fingerprint = Fingerprint(seed: seed)
        fingerprint.add(bytes)
        #expect(fingerprint.description == expected)
    }

    @Test func partsAreNotTheirConcatenation() {
        var one = Fingerprint(), other = Fingerprint()
        one.add("ab")
        one.add("c")
        other.add("a")
        other.add("bc")
        #expect(one != other)
    }
}
