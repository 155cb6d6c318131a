import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// InfoNCE over candidates out of a bank: `Tests/Fixtures/cpc.py`.
@Suite struct CandidateTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let loss: InfoNCE
        var groups: [Int] = []
        var q = 30, m = 11
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "shared", loss: InfoNCE()),
        Case(name: "long", loss: InfoNCE(), q: 600, m: 17),
        Case(name: "groups", loss: InfoNCE(), groups: [12, 0, 18]),
        Case(name: "own", loss: InfoNCE(), groups: [Int](repeating: 1, count: 30)),
        Case(name: "dot product", loss: InfoNCE(similarity: .dotProduct, temperature: .learned(initial: 0.5))),
        Case(
            name: "euclidean", loss: InfoNCE(similarity: .euclidean, temperature: .learned(initial: 0.5)),
            groups: [10, 20]),
        Case(name: "decoupled", loss: InfoNCE(decoupled: true)),
        Case(name: "hard", loss: InfoNCE(temperature: .learned(initial: 0.5), hardNegativeWeight: 1)),
        Case(name: "smoothed", loss: InfoNCE(smoothing: 0.1)),
        Case(
            name: "everything",
            loss: InfoNCE(
                similarity: .euclidean, temperature: .learned(initial: 0.7), hardNegativeWeight: 0.3, smoothing: 0.2),
            groups: [5, 25]),
    ]

    static func numbers(_ name: String, _ shape: [Int], below count: Int) -> Tensor {
        Tensor(hashed(name, shape).scalars.map { Int32((($0 + 1) / 2 * Float(count)).rounded(.down)) }, shape: shape)
    }

    @Test(arguments: cases) func equalsTheDenseForm(_ c: Case) throws {
        let fixture = Fixture("cpc")
        let inputs = [hashed("\(c.name) q", [c.q, 5]), hashed("\(c.name) b", [40, 5])]
        let positives = Self.numbers("\(c.name) p", [c.q], below: 40)
        let negatives = Self.numbers("\(c.name) n", c.groups.isEmpty ? [c.m] : [c.groups.count, c.m], below: 40)
        let (loss, pullback) = valueWithPullback(of: inputs) {
            [
                c.loss(
                    $0[0], in: $0[1], positives: positives, negatives: negatives,
                    groups: c.groups.isEmpty ? nil : c.groups)
            ]
        }
        expectClose(loss[0].reshaped([1]), fixture[c.name])
        let (gradients, cotangents) = pullback([Tensor(1)])
        expectClose(try #require(cotangents[0]), fixture["\(c.name) dq"], "dq")
        expectClose(try #require(cotangents[1]), fixture["\(c.name) db"], "db")
        let scale = try #require(c.loss.logitScale)
        expectClose(try #require(gradients[scale]).reshaped([1]), fixture["\(c.name) dscale"], "dscale")
    }

    @Test func gradientsMatchDifferences() {
        let positives = Tensor([3, 0, 4, 4] as [Int32], shape: [4]),
            negatives = Tensor([1, 2, 4, 0, 0, 3] as [Int32], shape: [2, 3])
        for similarity in [InfoNCE.Similarity.cosine, .dotProduct, .euclidean] {
            for loss in [
                InfoNCE(similarity: similarity, temperature: .fixed(0.5)),
                InfoNCE(
                    similarity: similarity, temperature: .fixed(0.5), decoupled: true, hardNegativeWeight: 0.5,
                    smoothing: 0.1),
            ] {
                checkGradients(of: hashed("q", [4, 3]), hashed("b", [5, 3])) {
                    loss($0[0], in: $0[1], positives: positives, negatives: negatives, groups: [1, 3])
                }
            }
        }
    }

    @Test func oneSetForAllIsTheSameForEachQuery() {
        let q = hashed("q", [9, 4]), bank = hashed("b", [20, 4]), loss = InfoNCE(temperature: .fixed(0.2))
        let positives = Self.numbers("p", [9], below: 20), negatives = Self.numbers("n", [6], below: 20)
        let each = Tensor.concatenated([Tensor](repeating: negatives.reshaped([1, 6]), count: 9), axis: 0)
        let shared = loss(q, in: bank, positives: positives, negatives: negatives).item
        #expect(abs(shared - loss(q, in: bank, positives: positives, negatives: each).item) < 1e-6)
    }

    @Test func equalEmbeddingsAreAtChance() {
        let loss = InfoNCE()(
            Tensor(ones: [7, 3]), in: Tensor(ones: [5, 3]),
            positives: Tensor([Int32](repeating: 2, count: 7), shape: [7]),
            negatives: Tensor([0, 1, 3, 4] as [Int32], shape: [4]))
        #expect(abs(loss.item - log(5)) < 1e-5)
    }

    @Test func theSameInputsGiveTheSameBits() {
        let q = hashed("q", [900, 24]), bank = hashed("b", [300, 24])
        let positives = Self.numbers("p", [900], below: 300), negatives = Self.numbers("n", [64], below: 300)
        func run() -> [[Float]] {
            let (loss, pullback) = valueWithPullback(of: [q, bank]) {
                [InfoNCE(temperature: .fixed(0.1))($0[0], in: $0[1], positives: positives, negatives: negatives)]
            }
            return loss.map(\.scalars) + pullback([Tensor(1)]).1.map { $0?.scalars ?? [] }
        }
        let first = run(), second = run()
        #expect(first == second)
    }
}
