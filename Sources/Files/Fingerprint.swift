/// A 64-bit fingerprint of contents: equal contents have equal fingerprints, on every machine.
///
/// XXH64 (Yann Collet, github.com/Cyan4973/xxHash), with the value so far as the seed of each further part. It detects
/// that two things differ by accident; it is not a cryptographic hash and proves nothing against someone who wants two
/// things to agree.
///
/// ```swift
/// var fingerprint = Fingerprint()
/// fingerprint.add("encoder.weight")
/// fingerprint.add(bytes)
/// print(fingerprint)                                                    // 16 hexadecimal digits
/// ```
package struct Fingerprint: Sendable, Hashable, CustomStringConvertible {
    package private(set) var value: UInt64

    package init(seed: UInt64 = 0) { value = seed }

    package mutating func add(_ bytes: UnsafeRawBufferPointer) { value = Self.xxh64(bytes, seed: value) }

    package mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

    /// Adds a text as UTF-8 with its length, so that two texts are not one longer text.
    package mutating func add(_ text: String) {
        add(text.utf8.count)
        add(Array(text.utf8))
    }

    package mutating func add(_ number: Int) { withUnsafeBytes(of: Int64(number).littleEndian) { add($0) } }

    /// 16 hexadecimal digits.
    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5
    )

    private static func rotated(_ x: UInt64, _ bits: UInt64) -> UInt64 { x &<< bits | x &>> (64 - bits) }

    private static func round(_ accumulator: UInt64, _ lane: UInt64) -> UInt64 {
        rotated(accumulator &+ lane &* primes.1, 31) &* primes.0
    }

    private static func xxh64(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = bytes.count
        var hash: UInt64, offset = 0
        func word(_ place: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        }
        if count >= 32 {
            var a = seed &+ primes.0 &+ primes.1
            var b = seed &+ primes.1
            var c = seed
            var d = seed &- primes.0
            while offset + 32 <= count {
                a = round(a, word(offset))
                b = round(b, word(offset + 8))
                c = round(c, word(offset + 16))
                d = round(d, word(offset + 24))
                offset += 32
            }
            hash = rotated(a, 1) &+ rotated(b, 7) &+ rotated(c, 12) &+ rotated(d, 18)
            for lane in [a, b, c, d] { hash = (hash ^ round(0, lane)) &* primes.0 &+ primes.3 }
        } else {
            hash = seed &+ primes.4
        }
        hash &+= UInt64(count)
        while offset + 8 <= count {
            hash = rotated(hash ^ round(0, word(offset)), 27) &* primes.0 &+ primes.3
            offset += 8
        }
        if offset + 4 <= count {
            let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            hash = rotated(hash ^ UInt64(half) &* primes.0, 23) &* primes.1 &+ primes.2
            offset += 4
        }
        while offset < count {
            hash = rotated(hash ^ UInt64(bytes[offset]) &* primes.4, 11) &* primes.0
            offset += 1
        }
        hash = (hash ^ hash &>> 33) &* primes.1
        hash = (hash ^ hash &>> 29) &* primes.2
        return hash ^ hash &>> 32
    }
}
