import ConcordTensors
import Testing

struct FloatModeTests {
    private let tiny = Float.leastNormalMagnitude / 4

    @Test func subnormalsAreZeroInsideOfOperations() {
        let small = Tensor([Float](repeating: tiny, count: 64), shape: [8, 8])
        #expect((small * 2).scalars.allSatisfy { $0 == 0 })
        let product = small.matmul(Tensor(ones: [8, 8]))
        #expect(product.scalars.allSatisfy { $0 == 0 })
    }

    @Test func theCallersOwnArithmeticKeepsThem() {
        _ = Tensor(ones: [64, 64]).matmul(Tensor(ones: [64, 64]))
        var mine = tiny
        withUnsafeMutablePointer(to: &mine) { $0.pointee *= 0.5 }
        #expect(mine > 0 && mine < tiny)
    }
}
