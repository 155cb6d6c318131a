import ConcordTensors
import TestSupport
import Testing

@Suite struct TableCrossEntropyTests {
    private func labels(_ count: Int, below size: Int) -> Tensor {
        Tensor((0..<Int32(count)).map { $0 * 7 % Int32(size) }, shape: [count])
    }

    /// Against the fixture-tested operations; 1100 rows of 20,000 are two tiles.
    @Test(arguments: [(1, 3, 2), (17, 40, 8), (64, 1001, 5), (1100, 20_000, 2)])
    func itIsTheCrossEntropyOfALinearLayer(rows: Int, size: Int, width: Int) throws {
        let inputs = [hashed("x", [rows, width]), hashed("table", [size, width], scale: 2), hashed("bias", [size])]
        let labels = labels(rows, below: size)
        var correct = 0
        let (fused, fusedPullback) = valueWithPullback(of: inputs) { inputs in
            let result = inputs[0].crossEntropy(over: inputs[1], bias: inputs[2], labels: labels)
            correct = result.correct
            return [result.loss]
        }
        let (plain, plainPullback) = valueWithPullback(of: inputs) { inputs in
            [inputs[0].linear(weight: inputs[1], bias: inputs[2]).crossEntropy(labels: labels)]
        }
        #expect(abs(fused[0].item / plain[0].item - 1) < 1e-6)
        let best = inputs[0].linear(weight: inputs[1], bias: inputs[2]).argmax().integerScalars
        #expect(correct == zip(best, labels.integerScalars).count { $0 == $1 })
        for (a, b) in zip(fusedPullback([Tensor(2)]).1, plainPullback([Tensor(2)]).1) {
            expectClose(try #require(a), try #require(b))
        }
        let (loss, count) = inputs[0].crossEntropy(over: inputs[1], bias: inputs[2], labels: labels)
        #expect(loss.item == fused[0].item && count == correct)
    }

    @Test func gradientsMatchDifferences() {
        let labels = labels(5, below: 7)
        checkGradients(of: hashed("x", [5, 4]), hashed("table", [7, 4]), hashed("bias", [7])) {
            $0[0].crossEntropy(over: $0[1], bias: $0[2], labels: labels).loss
        }
    }

    @Test func gradientsThatNobodyWantsAreNotTaken() {
        let table = hashed("table", [7, 4]), labels = labels(5, below: 7)
        let (_, pullback) = valueWithPullback(of: [hashed("x", [5, 4])]) {
            [$0[0].crossEntropy(over: table, bias: Tensor(zeros: [7]), labels: labels).loss]
        }
        #expect(pullback([Tensor(1)]).1[0]?.shape == [5, 4])
    }

    @Test func theFirstOfEqualScoresCounts() {
        let x = Tensor(ones: [3, 1]), table = Tensor([1, 2, 2, 0], shape: [4, 1])
        let result = x.crossEntropy(
            over: table, bias: Tensor(zeros: [4]), labels: Tensor([1, 2, 0] as [Int32], shape: [3]))
        #expect(result.correct == 1)
    }

    @Test func hugeScoresStayFiniteAndNaNComesThrough() {
        let table = Tensor([1000, -1000], shape: [2, 1]), zero = Tensor(zeros: [2])
        func loss(_ x: Float, _ label: Int32) -> Float {
            Tensor([x], shape: [1, 1]).crossEntropy(over: table, bias: zero, labels: Tensor([label], shape: [1])).loss
                .item
        }
        #expect(loss(1, 0) == 0)
        #expect(loss(1, 1) == 2000)
        #expect(loss(.nan, 0).isNaN)
    }

    /// With the identity for the table, `x` are the logits: what they have in common leaves no trace.
    @Test func aCommonOffsetOfTheLogitsChangesNothing() throws {
        let near = Tensor(hashed("offset", [6, 9]).scalars.map { ($0 * 1024).rounded() / 256 }, shape: [6, 9])
        let table = Tensor((0..<81).map { $0 % 10 == 0 ? 1 : 0 }, shape: [9, 9]),
            labels = Tensor([0, 3, 8, 1, 1, 5] as [Int32], shape: [6])
        let results = [near, near + 1000].map { x in
            let (loss, pullback) = valueWithPullback(of: [x]) {
                [$0[0].crossEntropy(over: table, bias: Tensor(zeros: [9]), labels: labels).loss]
            }
            return loss[0].scalars + (pullback([Tensor(1)]).1[0]?.scalars ?? [])
        }
        #expect(results[0].count == 55 && results[0] == results[1])
    }
}
