import ConcordTensors

/// Numbers in -1 ... 1 from a name, the same on every rank.
func seeded(_ name: String, _ shape: [Int]) -> Tensor {
    var state = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    let numbers = (0..<shape.reduce(1, *)).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float((state ^ (state >> 29)) >> 40) * 0x1p-23 - 1
    }
    return Tensor(numbers, shape: shape)
}

/// The largest difference, relative to the largest element of `expected`; infinite where one is not a number.
func difference(_ actual: Tensor, _ expected: Tensor, relativeTo whole: Tensor? = nil) -> Double {
    guard actual.shape == expected.shape else { return .infinity }
    let size = (whole ?? expected).scalars.map(abs).max() ?? 0
    let worst = zip(actual.scalars, expected.scalars).reduce(Float(0)) { worst, pair in
        let d = abs(pair.0 - pair.1)
        return d.isNaN ? .infinity : max(worst, d)
    }
    return size > 0 ? Double(worst / size) : worst == 0 ? 0 : .infinity
}
