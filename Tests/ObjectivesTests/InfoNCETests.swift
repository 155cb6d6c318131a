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
        /// Row i of b is that of its name plus so much of row i of a.
        var nearness: Float = 0
        var tolerance: Float = 1e-5
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
        Case(
            name: "decoupled weighted", n: 37, d: 8,
            loss: InfoNCE(temperature: .learned(initial: 0.2), decoupled: true, positiveWeightSigma: 0.5)),
        Case(
            name: "decoupled weighted views", n: 21, d: 8,
            loss: InfoNCE(temperature: .learned(initial: 0.1), decoupled: true, positiveWeightSigma: 0.5),
            isViews: true),
        Case(
            name: "weighted", n: 37, d: 8,
            loss: InfoNCE(temperature: .learned(initial: 0.2), positiveWeightSigma: 0.3), labels: { $0 * $0 % 7 }),
    ]

    static let debiased = [
        Case(name: "debiased", n: 37, d: 8, loss: debiased(0.1)),
        Case(name: "debiased views", n: 21, d: 8, loss: debiased(0.1), isViews: true),
        Case(name: "debiased near", n: 37, d: 8, loss: debiased(0.3, temperature: 0.2), nearness: 1),
        Case(name: "debiased labels", n: 37, d: 8, loss: debiased(0.2), labels: { $0 * $0 % 7 }),
        Case(
            name: "debiased decoupled", n: 37, d: 8, loss: debiased(0.1, temperature: 0.2, decoupled: true),
            nearness: 1, tolerance: 1e-4),  // the denominator is a difference of nearly equal sums
        Case(name: "debiased hard", n: 21, d: 8, loss: debiased(0.1, hardness: 1), isViews: true),
        Case(
            name: "debiased hard near", n: 37, d: 8, loss: debiased(0.3, temperature: 0.2, hardness: 0.5),
            nearness: 1),
        Case(name: "debiased of two", n: 2, d: 8, loss: debiased(0.1), isViews: true),
    ]

    private static func debiased(
        _ prior: Float, temperature: Float = 0.5, decoupled: Bool = false, hardness: Float = 0
    ) -> InfoNCE {
        InfoNCE(
            temperature: .learned(initial: temperature), decoupled: decoupled, hardNegativeWeight: hardness,
            classPrior: prior)
    }

    @Test(arguments: cases + debiased) func equalsTheDenseForm(_ c: Case) throws {
        let fixture = Fixture("infonce")
        let labels = c.labels.map { label in Tensor((0..<Int32(c.n)).map(label), shape: [c.n]) }
        let a = hashed("\(c.name) a", [c.n, c.d]), b = hashed("\(c.name) b", [c.n, c.d])
        let inputs = [a, c.nearness > 0 ? a * c.nearness + b : b]
        let (loss, pullback) = valueWithPullback(of: inputs) {
            [c.isViews ? c.loss.views($0[0], $0[1], labels: labels) : c.loss($0[0], $0[1], labels: labels)]
        }
        expectClose(loss[0].reshaped([1]), fixture[c.name])
        let (gradients, cotangents) = pullback([Tensor(1)])
        expectClose(try #require(cotangents[0]), fixture["\(c.name) da"], tolerance: c.tolerance, "da")
        expectClose(try #require(cotangents[1]), fixture["\(c.name) db"], tolerance: c.tolerance, "db")
        let scale = try #require(c.loss.logitScale)
        let slope = try #require(gradients[scale]).reshaped([1])
        expectClose(slope, fixture["\(c.name) dscale"], tolerance: c.tolerance, "dscale")
    }

    /// Queries among a bank's rows: the same rows as candidates give the same loss as the two sides of one way.
    @Test func debiasedCandidatesAreDebiasedPairs() throws {
        let n = 9, a = hashed("bank a", [n, 6]), b = hashed("bank b", [n, 6])
        let loss = InfoNCE(temperature: .learned(initial: 0.3), direction: .oneWay, classPrior: 0.15)
        let positives = Tensor((0..<Int32(n)).map { $0 }, shape: [n])
        let others = (0..<Int32(n)).flatMap { row in (0..<Int32(n)).filter { $0 != row } }
        let negatives = Tensor(others, shape: [n, n - 1])
        let (pairs, pairPullback) = valueWithPullback(of: [a, b]) { [loss($0[0], $0[1])] }
        let (bank, bankPullback) = valueWithPullback(of: [a, b]) {
            [loss($0[0], in: $0[1], positives: positives, negatives: negatives)]
        }
        expectClose(bank[0], pairs[0])
        let scale = try #require(loss.logitScale)
        let (pairGradients, byPairs) = pairPullback([Tensor(1)])
        let (bankGradients, byBank) = bankPullback([Tensor(1)])
        for (x, y) in zip(byBank, byPairs) { expectClose(try #require(x), try #require(y)) }
        expectClose(try #require(bankGradients[scale]), try #require(pairGradients[scale]))
    }

    /// At chance all scores are equal: a class prior then changes nothing, and decoupled the positive is left out.
    @Test(arguments: [2, 7]) func atChanceDebiasedIsTheLogOfTheCandidates(n: Int) {
        let equal = Tensor(ones: [n, 4]), rows = Float(2 * n)
        let debiased = InfoNCE(temperature: .fixed(0.5), classPrior: 0.2)
        #expect(abs(debiased.views(equal, equal).item - log(rows - 1)) < 1e-5)
        let weighted = InfoNCE(temperature: .fixed(0.5), decoupled: true, positiveWeightSigma: 0.5)
        #expect(abs(weighted.views(equal, equal).item - log(rows - 2)) < 1e-5)
        let one = InfoNCE(temperature: .fixed(0.5), classPrior: 0.2)
        #expect(one(Tensor(ones: [1, 4]), Tensor(ones: [1, 4])).item == 0)
    }

    @Test(arguments: Precision.allCases) func debiasedTilesAreTheDenseForm(_ precision: Precision) throws {
        let n = 1100, a = hashed("debiased tiles a", [n, 8]), other = hashed("debiased tiles b", [n, 8])
        // In bfloat16 no row may be near the least denominator, where the gradient jumps.
        let b = precision == .float32 ? other + a : other
        let loss = InfoNCE(temperature: .fixed(0.25), classPrior: 0.1), prior: Float = 0.1
        let own = Tensor((0..<Int32(n)).map { $0 }, shape: [n])
        let isOwn = (own.reshaped([n, 1]) .== own.reshaped([1, n])).converted(to: .float32)
        func oneWay(_ s: Tensor) -> Tensor {
            let positive = (s * isOwn).sum(axis: 1), sum = (s.exp() * (1 - isOwn)).sum(axis: 1), count = Float(n - 1)
            let estimate = (sum - positive.exp() * (prior * count)) / (1 - prior)
            return ((positive.exp() + estimate.maximum(Tensor(count * exp(-4)))).log() - positive).mean()
        }
        let (values, pullback) = withPrecision(precision) { valueWithPullback(of: [a, b]) { [loss($0[0], $0[1])] } }
        let (expected, reference) = valueWithPullback(of: [a, b]) { inputs in
            let s = inputs[0].l2Normalized().matmul(inputs[1].l2Normalized(), transposing: .right) * 4
            return [(oneWay(s) + oneWay(s.transposed())) * 0.5]
        }
        let tolerance: Float = precision == .float32 ? 1e-5 : 2e-2
        expectClose(values[0], expected[0], tolerance: tolerance)
        for (x, y) in zip(pullback([Tensor(1)]).1, reference([Tensor(1)]).1) {
            expectClose(try #require(x), try #require(y), tolerance: tolerance * 3)
        }
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
        // A sum of terms that cancel: less is left of them than their rounding allows for at 1e-5.
        expectClose(try #require(gradients[scale]).reshaped([1]), fixture["\(name) dscale"], tolerance: 5e-5, "dscale")
        let ones = Tensor(ones: [n, 8]), chance = loss(ones, ones, negatives: Tensor(ones: [k, 8])).item
        let expected = isSymmetric ? (log(Float(n + k)) + log(Float(n))) / 2 : log(Float(n + k))
        #expect(abs(chance - expected) < 1e-5)
    }
}
