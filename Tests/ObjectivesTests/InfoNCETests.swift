import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct InfoNCETests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String, n: Int, d: Int
        let loss: InfoNCE
        var labels: (@Sendable (Int32) -> Int32)?
        var isViews = false
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "clip", n: 37, d: 8, loss: InfoNCE()),
        Case(name: "clip wide", n: 130, d: 5, loss: InfoNCE(temperature: .learned(initial: 0.2))),
        Case(name: "one way", n: 37, d: 8, loss: InfoNCE(direction: .oneWay)),
        Case(
            name: "dot product", n: 37, d: 8,
            loss: InfoNCE(similarity: .dotProduct, temperature: .learned(initial: 0.5))),
        Case(
            name: "euclidean", n: 37, d: 8, loss: InfoNCE(similarity: .euclidean, temperature: .learned(initial: 0.5))),
        Case(name: "labels", n: 37, d: 8, loss: InfoNCE(), labels: { $0 * $0 % 7 }),
        Case(name: "nt-xent", n: 21, d: 8, loss: InfoNCE(temperature: .learned(initial: 0.5)), isViews: true),
        Case(
            name: "supcon", n: 21, d: 8, loss: InfoNCE(temperature: .learned(initial: 0.1)), labels: { $0 % 5 },
            isViews: true),
        Case(name: "decoupled", n: 37, d: 8, loss: InfoNCE(decoupled: true)),
        Case(
            name: "decoupled views", n: 21, d: 8, loss: InfoNCE(temperature: .learned(initial: 0.1), decoupled: true),
            isViews: true),
        Case(name: "hard", n: 37, d: 8, loss: InfoNCE(temperature: .learned(initial: 0.5), hardNegativeWeight: 1)),
        Case(
            name: "hard decoupled", n: 21, d: 8,
            loss: InfoNCE(temperature: .learned(initial: 0.5), decoupled: true, hardNegativeWeight: 0.5), isViews: true),
        Case(name: "smoothed", n: 37, d: 8, loss: InfoNCE(smoothing: 0.1)),
        Case(
            name: "everything", n: 70, d: 6,
            loss: InfoNCE(
                similarity: .euclidean, temperature: .learned(initial: 0.7), hardNegativeWeight: 0.3, smoothing: 0.2),
            labels: { $0 % 9 }),
    ]

    @Test(arguments: cases) func equalsTheDenseForm(_ c: Case) throws {
        let fixture = Fixture("infonce")
        let labels = c.labels.map { label in Tensor((0..<Int32(c.n)).map(label), shape: [c.n]) }
        let inputs = [hashed("\(c.name) a", [c.n, c.d]), hashed("\(c.name) b", [c.n, c.d])]
        let (loss, pullback) = valueWithPullback(of: inputs) {
            [c.isViews ? c.loss.views($0[0], $0[1], labels: labels) : c.loss($0[0], $0[1], labels: labels)]
        }
        expectClose(loss[0].reshaped([1]), fixture[c.name])
        let (gradients, cotangents) = pullback([Tensor(1)])
        expectClose(try #require(cotangents[0]), fixture["\(c.name) da"], "da")
        expectClose(try #require(cotangents[1]), fixture["\(c.name) db"], "db")
        let scale = try #require(c.loss.logitScale)
        expectClose(try #require(gradients[scale]).reshaped([1]), fixture["\(c.name) dscale"], "dscale")
    }

    @Test(arguments: [
        ("negatives", 13, 13, Float(0.05), false, false), ("negatives symmetric", 13, 5, 0.2, true, false),
        ("negatives labels", 13, 5, 0.2, true, true), ("negatives of one", 1, 1, 0.2, true, false),
    ])
    func furtherNegativesAreCandidatesOfEveryRow(
        name: String, n: Int, k: Int, temperature: Float, isSymmetric: Bool, isLabeled: Bool
    ) throws {
        let fixture = Fixture("infonce")
        let loss = InfoNCE(temperature: .learned(initial: temperature), direction: isSymmetric ? .symmetric : .oneWay)
        let labels = isLabeled ? Tensor((0..<Int32(n)).map { $0 * $0 % 7 }, shape: [n]) : nil
        let inputs = [("a", n), ("b", n), ("c", k)].map { hashed("\(name) \($0.0)", [$0.1, 8]) }
        let (values, pullback) = valueWithPullback(of: inputs) {
            [loss($0[0], $0[1], negatives: $0[2], labels: labels)]
        }
        expectClose(values[0].reshaped([1]), fixture[name])
        let (gradients, cotangents) = pullback([Tensor(1)])
        for (side, cotangent) in zip(["a", "b", "c"], cotangents) {
            expectClose(try #require(cotangent), fixture["\(name) d\(side)"], side)
        }
        let scale = try #require(loss.logitScale)
        expectClose(try #require(gradients[scale]).reshaped([1]), fixture["\(name) dscale"], "dscale")
        let ones = Tensor(ones: [n, 8]), chance = loss(ones, ones, negatives: Tensor(ones: [k, 8])).item
        let expected = isSymmetric ? (log(Float(n + k)) + log(Float(n))) / 2 : log(Float(n + k))
        #expect(abs(chance - expected) < 1e-5)
    }
}
