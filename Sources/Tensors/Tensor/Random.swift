#if canImport(Glibc)
    import Glibc
#endif

/// The key of a random choice: a hash of a seed and of what the choice is for.
///
/// Randomness here is a function, not a stream: equal keys give equal numbers whatever was drawn before, on any thread.
/// The mixing function is SplitMix64's (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
public struct RandomKey: Hashable, Sendable {
    /// The hash.
    public let bits: UInt64

    /// The key of a hash that was computed elsewhere.
    public init(bits: UInt64) { self.bits = bits }
    /// The key of a seed; any number, 0 included.
    public init(seed: UInt64) { bits = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }

    /// The key of a choice named `purpose`.
    public func derived(_ purpose: String) -> RandomKey {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return RandomKey(bits: Self.mix(bits ^ hash))
    }

    /// The key of the `index`-th choice of this key.
    public func derived(_ index: Int) -> RandomKey {
        RandomKey(
            bits: Self.mix(bits &+ UInt64(bitPattern: Int64(index)) &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03))
    }

    /// The key of the `index`-th choice named `purpose`.
    public func derived(_ purpose: String, _ index: Int) -> RandomKey { derived(purpose).derived(index) }

    /// A generator of this key's numbers.
    public var sequence: RandomSequence { RandomSequence(key: self) }

    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// The numbers of one key, in order.
public struct RandomSequence: RandomNumberGenerator, Sendable {
    /// The key whose numbers these are.
    public let key: RandomKey
    private var position: UInt64 = 0

    /// From the key's first number on.
    public init(key: RandomKey) { self.key = key }

    /// The next number, uniform in all 64 bits.
    public mutating func next() -> UInt64 {
        position &+= 1
        return RandomKey.mix(key.bits &+ position &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A key for a choice of its own; the next call gives another.
    public mutating func nextKey() -> RandomKey { RandomKey(bits: next()) }

    /// Uniform in `[0, 1)`, 24 bits.
    public mutating func uniform() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// Uniform in `[range.lowerBound, range.upperBound)`.
    public mutating func uniform(in range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// Uniform in `0 ..< count`, unbiased.
    public mutating func integer(below count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    /// True with the given probability.
    public mutating func bernoulli(_ probability: Float) -> Bool { uniform() < probability }
}

extension Tensor {
    /// Independent uniform numbers in `[range.lowerBound, range.upperBound)`, a function of the key alone.
    public init(uniform range: ClosedRange<Float>, shape: [Int], key: RandomKey) {
        self.init(uninitialized: shape)
        var sequence = key.sequence
        for i in 0..<count { float32Pointer[i] = sequence.uniform(in: range) }
    }

    /// Independent normal numbers (Box, Muller 1958), a function of the key alone.
    public init(normal mean: Float = 0, std: Float = 1, shape: [Int], key: RandomKey) {
        self.init(uninitialized: shape)
        let p = float32Pointer
        var sequence = key.sequence
        for i in stride(from: 0, to: count, by: 2) {
            let radius = (-2 * Glibc.log(1 - Double(sequence.next() >> 11) * 0x1p-53)).squareRoot()
            let angle = 2 * Double.pi * Double(sequence.next() >> 11) * 0x1p-53
            p[i] = mean + std * Float(radius * cos(angle))
            if i + 1 < count { p[i + 1] = mean + std * Float(radius * sin(angle)) }
        }
    }
}
