import ConcordTensors
import TestSupport
import Testing

@Suite struct MatmulTests {
    @Test func aProductIsTheSumsOfItsProducts() {
        let a = hashed("a", [5, 7]), b = hashed("b", [7, 19])
        let (x, y) = (a.scalars, b.scalars)
        var expected = [Float](repeating: 0, count: 5 * 19)
        for i in 0..<5 { for j in 0..<19 { for k in 0..<7 { expected[i * 19 + j] += x[i * 7 + k] * y[k * 19 + j] } } }
        expectClose(a.matmul(b), Tensor(expected, shape: [5, 19]))
    }

    @Test func anEmptyInnerAxisGivesZeros() {
        #expect(Tensor(zeros: [2, 0]).matmul(Tensor(zeros: [0, 3])).scalars == [0, 0, 0, 0, 0, 0])
        #expect(Tensor(zeros: [0, 4]).linear(weight: Tensor(zeros: [3, 4])).shape == [0, 3])
    }

    @Test(arguments: [Transposition.neither, .left, .right, .both])
    func gradientsMatchDifferences(_ transposing: Transposition) {
        let left = transposing == .left || transposing == .both, right = transposing == .right || transposing == .both
        let a = hashed("a", left ? [4, 3] : [3, 4]), b = hashed("b", right ? [5, 4] : [4, 5])
        checkGradients(of: a, b) { $0[0].matmul($0[1], transposing: transposing) }
        let c = hashed("c", left ? [6, 4, 3] : [6, 3, 4]), d = hashed("d", right ? [6, 5, 4] : [6, 4, 5])
        checkGradients(of: c, d) { $0[0].matmul($0[1], transposing: transposing) }
    }

    @Test func leadingAxesAreRows() {
        let a = hashed("ar", [2, 3, 7]), b = hashed("b", [7, 4])
        let product = a.matmul(b)
        #expect(product.shape == [2, 3, 4])
        #expect(product.scalars == Tensor(a.scalars, shape: [6, 7]).matmul(b).scalars)
        checkGradients(of: a, b) { $0[0].matmul($0[1]) }
    }

    @Test func linearHasItsThreeGradients() {
        let x = hashed("x", [3, 5, 4]), w = hashed("w", [6, 4]), b = hashed("b", [6])
        checkGradients(of: x, w, b) { $0[0].linear(weight: $0[1], bias: $0[2]) }
        checkGradients(of: x, w) { $0[0].linear(weight: $0[1]) }
    }
}
