import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

/// Stratified draws of few labels.
struct LabelSubsetTests {
    private let labels = (0..<1000).map { $0 % 7 == 0 ? 2 : $0 % 3 == 0 ? 1 : $0 % 50 == 1 ? 3 : 0 }

    private func counts(_ rows: [Int], _ labels: [Int]) -> [Int: Int] {
        rows.reduce(into: [:]) { $0[labels[$1], default: 0] += 1 }
    }

    @Test(arguments: [0.01, 0.05, 0.1, 0.333, 1]) func fractionsKeepTheProportions(fraction: Double) {
        let drawn = LabelSubset(.fraction(fraction), of: labels, key: RandomKey(seed: 3))
        #expect(drawn.rows == Set(drawn.rows).sorted())
        let all = counts(Array(labels.indices), labels), own = counts(drawn.rows, labels)
        #expect(own.keys.sorted() == [0, 1, 2, 3])
        for (label, count) in all {
            let exact = fraction * Double(count)
            #expect(abs(Double(own[label, default: 0]) - exact) < 1 || own[label] == 1)
        }
        let total = Int((fraction * 1000).rounded())
        #expect(drawn.rows.count == total || drawn.rows.count <= total + 3)
        if fraction == 1 { #expect(drawn.rows == Array(labels.indices)) }
    }

    @Test func equalKeysGiveEqualDrawsAndOthersOthers() {
        func rows(_ seed: UInt64) -> [Int] {
            LabelSubset(.fraction(0.1), of: labels, key: RandomKey(seed: seed)).rows
        }
        #expect(rows(1) == rows(1))
        #expect(rows(1) != rows(2))
    }

    @Test func aClassWithFewerRowsGivesAllAndIsNamed() {
        let labels = [0, 0, 0, 1, -1, 2, 2, -1]
        let drawn = LabelSubset(.perClass(2), of: labels, key: RandomKey(seed: 0))
        #expect(counts(drawn.rows, labels) == [0: 2, 1: 1, 2: 2])
        #expect(drawn.short == [1])
        #expect(drawn.rows.contains(3) && drawn.rows.contains(5) && drawn.rows.contains(6))
    }

    @Test func fewerRowsThanClassesGoToTheLargest() {
        let labels = [Int](repeating: 0, count: 60) + [Int](repeating: 1, count: 30) + [Int](repeating: 2, count: 10)
        let drawn = LabelSubset(.fraction(0.02), of: labels, key: RandomKey(seed: 0))
        #expect(counts(drawn.rows, labels) == [0: 1, 1: 1])
    }

    @Test func everyRowIsDrawnEquallyOften() {
        let labels = [Int](repeating: 0, count: 10)
        var seen = [Int](repeating: 0, count: 10)
        for seed in 0..<UInt64(2000) {
            for row in LabelSubset(.perClass(3), of: labels, key: RandomKey(seed: seed)).rows { seen[row] += 1 }
        }
        // 600 each, with a deviation of 20.5
        #expect(seen.allSatisfy { abs($0 - 600) < 90 }, "\(seen)")
    }
}
