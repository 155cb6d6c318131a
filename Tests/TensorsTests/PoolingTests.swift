import ConcordTensors
import TestSupport
import Testing

struct PoolingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [Int]
        /// Inputs are rounded to multiples of 1 / `ties`, so that some are equal.
        var ties: Float?
        let pool: @Sendable (Tensor) -> Tensor
        var testDescription: String { name }
    }

    /// As in Tests/Fixtures/pooling.py.
    @Test(arguments: [
        Case(name: "max", input: [2, 7, 9, 5]) { $0.maxPooled2d(kernel: 3, stride: 2, padding: 1) },
        Case(name: "max ties", input: [2, 8, 8, 19], ties: 2) { $0.maxPooled2d(kernel: 3, stride: 2, padding: 1) },
        Case(name: "max uneven", input: [1, 7, 9, 16]) {
            $0.maxPooled2d(kernel: (2, 3), stride: (1, 4), padding: (1, 0))
        },
        Case(name: "max 1d", input: [2, 11, 7]) { $0.maxPooled1d(kernel: 4, stride: 3, padding: 2) },
        Case(name: "average", input: [2, 7, 9, 5]) { $0.averagePooled2d(kernel: 3, stride: 2, padding: 1) },
        Case(name: "average unpadded", input: [2, 6, 5, 17]) {
            $0.averagePooled2d(kernel: 3, stride: 2, padding: 1, countsPadding: false)
        },
        Case(name: "average uneven", input: [1, 7, 9, 16]) {
            $0.averagePooled2d(kernel: (2, 3), stride: (1, 4), padding: (1, 0))
        },
        Case(name: "average 1d", input: [2, 11, 7]) { $0.averagePooled1d(kernel: 4, stride: 3, padding: 2) },
        Case(name: "adaptive", input: [2, 7, 10, 5]) { $0.adaptiveAveragePooled2d(to: (3, 4)) },
        Case(name: "adaptive larger", input: [1, 2, 3, 4]) { $0.adaptiveAveragePooled2d(to: (5, 4)) },
        Case(name: "adaptive 1d", input: [2, 10, 18]) { $0.adaptiveAveragePooled1d(to: 3) },
        Case(name: "global", input: [2, 3, 5, 18]) { $0.adaptiveAveragePooled2d(to: (1, 1)) },
    ])
    func equalsPyTorchWithItsGradient(_ c: Case) throws {
        let fixture = Fixture("pooling")
        var x = hashed(c.name + " x", c.input)
        if let ties = c.ties {
            x = Tensor(x.scalars.map { ($0 * ties).rounded(.toNearestOrEven) / ties }, shape: c.input)
        }
        let (outputs, pullback) = valueWithPullback(of: [x]) { [c.pool($0[0])] }
        expectClose(outputs[0], fixture[c.name], c.name)
        let gradient = try #require(pullback([hashed(c.name + " upstream", outputs[0].shape)]).1[0])
        expectClose(gradient, fixture[c.name + " dx"], "dx")
        expectClose(c.pool(x), fixture[c.name], "unrecorded")
    }

    @Test func gradientsEqualCentralDifferences() {
        // Distinct elements far enough apart for the step not to change which is largest.
        let distinct = Tensor((0..<96).map { Float($0 * 37 % 96) / 16 }, shape: [2, 4, 4, 3])
        checkGradients(of: distinct) { $0[0].maxPooled2d(kernel: 3, stride: 1, padding: 1) }
        checkGradients(of: hashed("x", [2, 4, 5, 3])) {
            $0[0].averagePooled2d(kernel: 3, stride: 2, padding: 1, countsPadding: false)
        }
        checkGradients(of: hashed("x", [2, 4, 5, 3])) { $0[0].adaptiveAveragePooled2d(to: (3, 2)) }
        checkGradients(of: hashed("x", [2, 5, 3])) { $0[0].globalAveragePooled() }
    }

    @Test func theGlobalMeanIsTheMeanOverPositions() {
        let x = hashed("global x", [2, 3, 5, 18])
        #expect(x.globalAveragePooled().shape == [2, 18])
        #expect(x.globalAveragePooled().scalars == x.adaptiveAveragePooled2d(to: (1, 1)).scalars)
    }

    @Test func aNotANumberIsTheLargest() {
        let x = Tensor([1, .nan, 7, 2, -.infinity, -.infinity], shape: [1, 6, 1])
        let pooled = x.maxPooled1d(kernel: 2).scalars
        #expect(pooled[0].isNaN)
        #expect(pooled[1...] == [7, -.infinity])
    }
}
