import ConcordTensors
import TestSupport
import Testing

@Suite struct ArithmeticTests {
    static let shapePairs: [([Int], [Int])] = [
        ([3, 5], [3, 5]), ([3, 5], []), ([], [3, 5]), ([4, 7], [7]), ([7], [4, 7]), ([4, 7], [4, 1]),
        ([4, 1], [1, 7]),
        ([2, 3, 5], [3, 1]),
        ([2, 1, 5, 1], [3, 1, 4]), ([1, 1], [1]), ([2, 3, 4], [2, 1, 4]), ([0, 3], [3]), ([33, 17], [17]),
    ]

    /// Broadcasting by index arithmetic, one element at a time.
    private func reference(_ a: Tensor, _ b: Tensor, _ f: (Float, Float) -> Float) -> Tensor {
        let rank = max(a.rank, b.rank)
        func size(_ x: Tensor, _ axis: Int) -> Int { axis < rank - x.rank ? 1 : x.shape[axis - rank + x.rank] }
        let shape = (0..<rank).map { size(a, $0) == 1 ? size(b, $0) : size(a, $0) }
        func element(_ x: Tensor, _ flat: Int) -> Float {
            var rest = flat, offset = 0, stride = 1
            for axis in (0..<rank).reversed() {
                let place = rest % shape[axis]
                rest /= shape[axis]
                if size(x, axis) != 1 { offset += place * stride }
                stride *= size(x, axis)
            }
            return x.scalars[offset]
        }
        return Tensor((0..<shape.reduce(1, *)).map { f(element(a, $0), element(b, $0)) }, shape: shape)
    }

    @Test(arguments: shapePairs) func shapesBroadcastAsNumPys(_ shapes: ([Int], [Int])) {
        let a = hashed("a", shapes.0), b = hashed("b", shapes.1) + 3
        expectClose(a + b, reference(a, b, +), tolerance: 0)
        expectClose(a - b, reference(a, b, -), tolerance: 0)
        expectClose(a * b, reference(a, b, *), tolerance: 0)
        expectClose(a / b, reference(a, b, /), tolerance: 0)
    }

    @Test(arguments: shapePairs) func gradientsOfArithmeticMatchDifferences(_ shapes: ([Int], [Int])) {
        let a = hashed("a", shapes.0), b = hashed("b", shapes.1) + 3
        checkGradients(of: a, b) { $0[0] + $0[1] }
        checkGradients(of: a, b) { $0[0] - $0[1] }
        checkGradients(of: a, b) { $0[0] * $0[1] }
        checkGradients(of: a, b) { $0[0] / $0[1] }
    }

    @Test func scalarsStandOnEitherSide() {
        let x = Tensor([1, 2, 4], shape: [3])
        #expect((x + 1).scalars == [2, 3, 5] && (1 + x).scalars == [2, 3, 5])
        #expect((x - 1).scalars == [0, 1, 3] && (1 - x).scalars == [0, -1, -3])
        #expect((x * 2).scalars == [2, 4, 8] && (2 * x).scalars == [2, 4, 8])
        #expect((x / 2).scalars == [0.5, 1, 2] && (2 / x).scalars == [2, 1, 0.5] && (-x).scalars == [-1, -2, -4])
        checkGradients(of: x) { 2 * (3 - $0[0] / 2) + (1 - $0[0]) * (1 / ($0[0] + 2)) }
    }

    @Test func aValueUsedTwiceGetsBothGradients() {
        checkGradients(of: hashed("x", [4, 3])) { $0[0] * $0[0] + $0[0] }
    }

    @Test func broadcastedRepeatsAnyElementType() {
        #expect(
            Tensor([1, 2] as [Int32], shape: [2, 1]).broadcasted(to: [2, 2, 3]).integerScalars == [
                1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2,
            ])
        #expect(Tensor([1, 0] as [UInt8], shape: [2]).broadcasted(to: [2, 2]).bytes == [1, 0, 1, 0])
        checkGradients(of: hashed("x", [3, 1, 2])) { $0[0].broadcasted(to: [2, 3, 5, 2]) }
    }
}
