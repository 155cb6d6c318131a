public import ConcordTensors

/// Numbers that the fixtures' Python script makes in the same way from a name: nothing large has to be committed.
///
/// Element i is `uniform(-1, 1)` from the top 24 bits of SplitMix64's mix of FNV-1a(name) + (i + 1) times the golden
/// ratio.
public func hashed(_ name: String, _ shape: [Int], scale: Float = 1) -> Tensor {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let count = shape.reduce(1, *)
    let scalars = (0..<count).map { i -> Float in
        var z = hash &+ UInt64(i + 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return (Float(z >> 40) * 0x1p-23 - 1) * scale
    }
    return Tensor(scalars, shape: shape)
}
