import ConcordLayers
import ConcordTensors
import Testing

struct SpecAugmentTests {
    private func masked(_ augment: SpecAugment, lengths: [Int], seed: UInt64 = 0) -> [[[Float]]] {
        let (n, t, f) = (lengths.count, 20, 10)
        let x = Tensor([Float](repeating: 1, count: n * t * f), shape: [n, t, f])
        let y = training(step: 0, seed: seed) { augment(x, lengths: lengths) }.scalars
        return (0..<n).map { i in (0..<t).map { j in (0..<f).map { y[(i * t + j) * f + $0] } } }
    }

    @Test func bandsAreMaskedOverAllTimesAndNoWiderThanAsked() {
        let augment = SpecAugment(frequencyMasks: 1, frequencyWidth: 3, timeMasks: 0, timeWidth: 0)
        var widths: Set<Int> = []
        for clip in masked(augment, lengths: [Int](repeating: 20, count: 60)) {
            #expect(clip.allSatisfy { $0 == clip[0] }, "a band is masked at every time")
            let zeros = clip[0].indices.filter { clip[0][$0] == 0 }
            #expect(zeros.count <= 3 && zeros == Array((zeros.first ?? 0)..<(zeros.first ?? 0) + zeros.count))
            widths.insert(zeros.count)
        }
        #expect(widths == [0, 1, 2, 3])
    }

    @Test func timesAreMaskedInsideTheClipAndWithinItsFraction() {
        let augment = SpecAugment(
            frequencyMasks: 0, frequencyWidth: 0, timeMasks: 1, timeWidth: 100, timeFraction: 0.5)
        var largest = 0
        for clip in masked(augment, lengths: [Int](repeating: 12, count: 60)) {
            let zeros = clip.indices.filter { clip[$0][0] == 0 }
            #expect(zeros.count <= 6 && zeros.allSatisfy { $0 < 12 })
            largest = max(largest, zeros.count)
        }
        #expect(largest == 6)
    }

    @Test func equalSeedsMaskEquallyAndEvaluationMasksNothing() {
        let augment = SpecAugment(frequencyWidth: 5, timeWidth: 5)
        #expect(masked(augment, lengths: [20, 20], seed: 3) == masked(augment, lengths: [20, 20], seed: 3))
        #expect(masked(augment, lengths: [20, 20], seed: 3) != masked(augment, lengths: [20, 20], seed: 4))
        let x = Tensor([Float](repeating: 1, count: 400), shape: [2, 20, 10])
        #expect(evaluating { augment(x, lengths: [20, 20]) }.scalars == x.scalars)
    }
}
