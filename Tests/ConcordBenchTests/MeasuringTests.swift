import ConcordBench
import Testing

@Suite struct MeasuringTests {
    @Test func theOperationsOfAResNet18AreThePapers() {
        var count = OperationCount()
        count.resNet18(count: 1, side: 224, isCIFAR: false)
        // 1.8 billion multiply-adds forward (He et al. 2016, table 1), twice that backward but for the images' own
        // gradient.
        let forward = 1_813_561_344.0, stem = 118_013_952.0
        #expect(count.operations == 2 * (3 * forward - stem))
    }

    @Test func aCausalAttentionHasHalfTheScores() {
        var whole = OperationCount(), causal = OperationCount()
        whole.attention(count: 2, queries: 9, keys: 9, width: 8)
        causal.attention(count: 2, queries: 9, keys: 9, width: 8, causal: true)
        #expect(causal.operations / whole.operations == 5.0 / 9)
    }

    @Test func theMedianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
        let timing = Timing([4, 1, 3, 2])
        #expect(timing.median == 2.5 && timing.minimum == 1 && timing.maximum == 4)
        #expect(Timing([3, 1, 2]).median == 2)
    }
}
