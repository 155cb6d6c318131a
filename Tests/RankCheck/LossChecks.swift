import ConcordCommunication
import ConcordLayers
import ConcordObjectives
import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// All losses on these ranks, which have unequal numbers of rows; of few pairs some have none.
struct LossChecks {
    let ranks: Communicator
    /// Number of pairs of all ranks.
    let count: Int
    private let width = 9
    /// Fewer than any rank has: several blocks go around.
    private let blockRows = 3

    /// Each rank's rows, in proportion to 1, 2, 3, ...
    private var starts: [Int] {
        let parts = ranks.count * (ranks.count + 1)
        return (0...ranks.count).map { $0 * ($0 + 1) * count / parts }
    }

    private var checks: [LossCheck] {
        let labels = (0..<Int32(count)).map { $0 * $0 % 7 }
        let negatives = seeded("negatives", [11, width])
        func pairs(
            _ name: String, _ loss: InfoNCE, labels: [Int32]? = nil, hasRing: Bool = true,
            precision: Precision = .float32, tolerance: Double = 1e-5, ringTolerance: Double = 1e-6
        ) -> LossCheck {
            LossCheck(
                name: name, whole: { loss($0, $1, labels: $2) },
                ring: hasRing ? { loss.ring($0, $1, labels: $2, blockRows: blockRows) } : nil,
                parameters: loss.logitScale.map { [$0] } ?? [], labels: labels, precision: precision,
                tolerance: tolerance, ringTolerance: ringTolerance)
        }
        func views(_ name: String, _ loss: InfoNCE, labels: [Int32]? = nil, hasRing: Bool = true) -> LossCheck {
            LossCheck(
                name: name, whole: { loss.views($0, $1, labels: $2) },
                ring: hasRing ? { loss.ringViews($0, $1, labels: $2, blockRows: blockRows) } : nil,
                parameters: loss.logitScale.map { [$0] } ?? [], labels: labels)
        }
        func initial(_ value: Float) -> InfoNCE.Temperature { .learned(initial: value) }
        let withNegatives = InfoNCE(temperature: initial(0.2)),
            softmax = SampledSoftmax(
                temperature: initial(0.2), counts: [3, 1, 4, 1, 5, 9, 2])
        let sigmoid = SigmoidLoss(scale: 4, bias: -3)
        return [
            pairs("symmetric", InfoNCE()),
            pairs("one way", InfoNCE(temperature: initial(0.2), direction: .oneWay)),
            pairs("several positives", InfoNCE(temperature: initial(0.1)), labels: labels),
            pairs("self excluded", InfoNCE(temperature: initial(0.2), excludesSelf: true), labels: labels),
            pairs("dot product", InfoNCE(similarity: .dotProduct, temperature: initial(0.5))),
            pairs("euclidean", InfoNCE(similarity: .euclidean, temperature: initial(0.5))),
            pairs("decoupled", InfoNCE(temperature: initial(0.2), decoupled: true)),
            pairs("hard negatives", InfoNCE(temperature: initial(0.5), hardNegativeWeight: 1)),
            pairs("debiased", InfoNCE(temperature: initial(0.5), classPrior: 0.1)),
            pairs("smoothed", InfoNCE(temperature: initial(0.2), smoothing: 0.1)),
            pairs(
                "everything",
                InfoNCE(
                    similarity: .euclidean, temperature: initial(0.7), hardNegativeWeight: 0.3, smoothing: 0.2),
                labels: labels),
            pairs(
                "weighted positives", InfoNCE(temperature: initial(0.2), decoupled: true, positiveWeightSigma: 0.5),
                hasRing: false),
            // Of numbers with 8 bits; parts of a sum are rounded alike.
            pairs(
                "bfloat16", InfoNCE(temperature: initial(0.2)), precision: .bfloat16, tolerance: 2e-3,
                ringTolerance: 2e-3),
            views("views", InfoNCE(temperature: initial(0.5))),
            views("views with labels", InfoNCE(temperature: initial(0.1)), labels: labels),
            views(
                "views, hard and debiased", InfoNCE(temperature: initial(0.5), hardNegativeWeight: 1, classPrior: 0.1)),
            LossCheck(
                name: "further negatives", whole: { a, b, _ in withNegatives(a, b, negatives: negatives) },
                parameters: [withNegatives.logitScale].compactMap(\.self)),
            LossCheck(
                name: "sampled softmax", whole: { softmax($0, $1, labels: $2) }, parameters: [], labels: labels),
            LossCheck(
                name: "sigmoid", whole: { a, b, _ in sigmoid(a, b) },
                parameters: [sigmoid.logitScale, sigmoid.logitBias]),
            LossCheck(
                name: "sigmoid, several positives", whole: { sigmoid($0, $1, labels: $2) },
                parameters: [sigmoid.logitScale, sigmoid.logitBias], labels: labels),
        ]
    }

    /// - Returns: whether all are as they should be.
    func run() -> Bool {
        let a = seeded("a", [count, width]), b = seeded("b", [count, width])
        let own = starts[ranks.rank]..<starts[ranks.rank + 1]
        let rows = ranks.gather(own.count)
        let localA = a.sliced(own, axis: 0), localB = b.sliced(own, axis: 0)
        var isGood = true
        for check in checks {
            let expected = check.alone(a, b)
            let gathered = check.gathered(localA, localB, rows: rows, ranks)
            isGood =
                report(
                    "\(count) gathered, \(check.name)",
                    gathered.differences(from: expected, rows: own, whole: expected),
                    within: check.tolerance) && isGood
            guard let ring = check.circulated(localA, localB, rows: own, ranks) else { continue }
            isGood =
                report(
                    "\(count) ring, \(check.name)", ring.differences(from: expected, rows: own, whole: expected),
                    within: check.tolerance) && isGood
            isGood =
                report(
                    "\(count) ring against gathered, \(check.name)",
                    ring.differences(from: gathered, rows: 0..<own.count, whole: expected),
                    within: check.ringTolerance) && isGood
        }
        return rows.contains(0) ? isGood : centralDifferences(localA, localB, rows: rows) && isGood
    }

    /// Compares each rank's gradients of its first row with the global loss's central differences.
    private func centralDifferences(_ a: Tensor, _ b: Tensor, rows: [Int]) -> Bool {
        let loss = InfoNCE(temperature: .fixed(0.5)), step: Float = 1e-2
        func value(_ a: Tensor, isRing: Bool) -> Tensor {
            withCommunicator(ranks) {
                isRing
                    ? loss.ring(a, b, labels: nil, blockRows: blockRows)
                    : loss(a.gatheredFromRanks(rows: rows), b.gatheredFromRanks(rows: rows))
            }
        }
        var isGood = true
        for isRing in [false, true] {
            let (_, pullback) = valueWithPullback(of: [a]) { [value($0[0], isRing: isRing)] }
            let gradient = pullback([Tensor(1 / Float(ranks.count))]).1[0] ?? Tensor(zeros: a.shape)
            var worst = 0.0
            for rank in 0..<ranks.count {  // one of them moves, and all compute
                for column in 0..<width {
                    let values = [step, -step].map { step -> Float in
                        var moved = a.scalars
                        if rank == ranks.rank { moved[column] += step }
                        return value(Tensor(moved, shape: a.shape), isRing: isRing).item
                    }
                    guard rank == ranks.rank else { continue }
                    let slope = (values[0] - values[1]) / (2 * step)
                    worst = max(worst, Double(abs(slope - gradient.scalars[column])))
                }
            }
            let largest = ranks.largest([gradient.scalars.map { Double(abs($0)) }.max() ?? 0])[0]
            isGood =
                report(
                    "\(count) central differences, \(isRing ? "ring" : "gathered")", [worst / largest], within: 3e-3)
                && isGood
        }
        return isGood
    }

    /// Prints the largest differences over ranks.
    private func report(_ name: String, _ differences: [Double], within tolerance: Double) -> Bool {
        let worst = ranks.largest(differences), isGood = worst.allSatisfy { $0 <= tolerance }
        if ranks.rank == 0 {
            let text = worst.map { String(Float($0)) }.joined(separator: " ")
            print("\(isGood ? "ok    " : "FAILED") \(name): \(text)")
        }
        return isGood
    }
}
