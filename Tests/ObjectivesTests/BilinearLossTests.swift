import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Of COLA, against `Tests/Fixtures/cola.py`.
@Suite struct BilinearLossTests {
    private static let labels = Tensor((0..<Int32(12)).map { $0 * $0 % 5 }, shape: [12])

    @Test(arguments: ["bilinear", "cosine"], [("pairs", 12), ("labels", 12), ("two", 2), ("one", 1)])
    func equalsPyTorchs(kind: String, batch: (name: String, rows: Int)) throws {
        let name = "\(kind) \(batch.name)", fixture = Fixture("cola")
        let loss: any PairLoss =
            kind == "bilinear" ? BilinearLoss(5).filled(prefix: name + ".") : AnchorLoss(temperature: 0.2)
        let labels = batch.name == "labels" ? Self.labels : nil
        let inputs = ["a", "b"].map { hashed("\(name) \($0)", [batch.rows, 5]) }
        let (values, pullback) = valueWithPullback(of: inputs) { [loss.views($0[0], $0[1], labels: labels)] }
        expectClose(values[0].reshaped([1]), fixture[name])
        let (gradients, cotangents) = pullback([Tensor(1)])
        for (side, cotangent) in zip(["a", "b"], cotangents) where batch.rows > 1 {
            expectClose(try #require(cotangent), fixture["\(name) d\(side)"], tolerance: 2e-5, side)
        }
        guard kind == "bilinear", batch.rows > 1 else { return }
        checkGradients(gradients, of: loss, name, in: fixture, tolerance: 5e-5)
    }

    @Test func atChanceItIsTheLogOfTheBatch() {
        let loss = BilinearLoss(5)
        loss.weight.assign(Tensor(zeros: [5, 5]))
        #expect(abs(loss(hashed("a", [7, 5]), hashed("b", [7, 5])).item - log(7)) < 1e-6)
    }
}
