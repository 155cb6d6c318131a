import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

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
}
