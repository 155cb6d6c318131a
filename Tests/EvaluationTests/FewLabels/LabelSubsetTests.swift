import ConcordEvaluation
import ConcordTensors
import Testing

@Suite struct LabelSubsetTests {
    /// Classes of 1, 2, 4, … rows, in an order of their own, and a class number that no row has.
    private static func labels(_ sizes: [Int], seed: UInt64) -> [Int] {
        var random = RandomKey(seed: seed).sequence
        return sizes.indices.flatMap { [Int](repeating: $0, count: sizes[$0]) }.shuffled(using: &random)
    }

    private static let sizes: [[Int]] = [
        [100, 100, 100], [1, 2, 4, 8, 16, 32, 64], [50, 0, 3, 0, 47], [1], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 90],
        [7, 7, 7, 7, 7], [997, 1, 1, 1],
    ]

    @Test(arguments: sizes, [0.001, 0.01, 0.05, 0.1, 0.33, 0.5, 0.9, 1])
    func fractionsKeepTheProportionsAndEachClass(sizes: [Int], fraction: Double) {
        let labels = Self.labels(sizes, seed: 3), n = labels.count
        let subset = LabelSubset(labels: labels, fraction: fraction, key: RandomKey(seed: 1))
        let total = min(n, max(1, Int((fraction * Double(n)).rounded())))
        #expect(subset.rows.count == total && subset.rows == subset.rows.sorted())
        #expect(Set(subset.rows).union(subset.others) == Set(0..<n) && subset.rows.count + subset.others.count == n)
        #expect(subset.labels == subset.rows.map { labels[$0] } && subset.shortClasses.isEmpty)
        let counts = sizes.indices.map { label in subset.labels.filter { $0 == label }.count }
        let present = sizes.filter { $0 > 0 }.count
        #expect(subset.absentClasses == sizes.indices.filter { sizes[$0] > 0 && counts[$0] == 0 })
        if total >= present { #expect(subset.absentClasses.isEmpty) }
        let given = sizes.filter { $0 > 0 && Double(total * $0) / Double(n) < 1 }.count
        for (count, size) in zip(counts, sizes) {
            let exact = Double(total * size) / Double(n)
            #expect(count <= size)
            // Less than one above or below its proportion, but for what the smallest classes are given.
            #expect(count <= max(1, Int(exact.rounded(.up))) && Double(count) > exact - 1 - Double(given))
        }
    }

    @Test func theLargestRemaindersGetWhatIsLeft() {
        func counts(_ sizes: [Int], _ fraction: Double) -> [Int] {
            let labels = Self.labels(sizes, seed: 0)
            let subset = LabelSubset(labels: labels, fraction: fraction, key: RandomKey(seed: 0))
            return sizes.indices.map { label in subset.labels.filter { $0 == label }.count }
        }
        #expect(counts([25, 33, 42], 0.1) == [3, 3, 4], "2.5, 3.3 and 4.2: the largest remainder is the first's")
        #expect(counts([25, 25, 50], 0.1) == [3, 2, 5], "of equal remainders the first")
        #expect(counts([96, 2, 2], 0.05) == [3, 1, 1], "4.8, 0.1 and 0.1: each class has one")
        #expect(counts([96, 2, 2], 0.02) == [2, 0, 0], "1.92, 0.04 and 0.04 of fewer rows than classes")
    }

    @Test(arguments: sizes, [1, 3, 10, 1000]) func aCountAClassTakesAllOfSmallerOnes(sizes: [Int], count: Int) {
        let labels = Self.labels(sizes, seed: 4)
        let subset = LabelSubset(labels: labels, perClass: count, key: RandomKey(seed: 2))
        for (label, size) in sizes.enumerated() {
            #expect(subset.labels.filter { $0 == label }.count == min(size, count))
        }
        #expect(subset.shortClasses == sizes.indices.filter { sizes[$0] > 0 && sizes[$0] < count })
        #expect(subset.absentClasses.isEmpty)
    }

    @Test func aDrawIsAFunctionOfItsKey() {
        let labels = Self.labels([50, 50], seed: 0)
        func rows(_ seed: UInt64, _ count: Int = 5) -> [Int] {
            LabelSubset(labels: labels, perClass: count, key: RandomKey(seed: seed)).rows
        }
        #expect(rows(1) == rows(1) && rows(1) != rows(2))
        #expect(Set(rows(1)).isSubset(of: rows(1, 9)), "more rows of the same key contain the fewer")
        // Each row as often as any other: 10 of 100 in 2000 draws is 200, with a standard deviation of 13.4.
        var drawn = [Int](repeating: 0, count: 100)
        for seed in 0..<2000 { for row in rows(UInt64(seed)) { drawn[row] += 1 } }
        #expect(drawn.allSatisfy { (140...260).contains($0) }, "\(drawn)")
    }
}
