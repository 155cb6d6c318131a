import ConcordTensors
import TestSupport
import Testing

@Suite struct ReductionTests {
    static let cases: [([Int], [Int])] = [
        ([5], [0]), ([3, 4], [0]), ([3, 4], [1]), ([3, 4], [0, 1]), ([2, 3, 4], [1]), ([2, 3, 4], [0, 2]),
        ([2, 3, 4, 5], [0, 2]),
        ([2, 3, 4, 5], [1, 3]), ([2, 3, 4, 5], [0, 1, 2]), ([1, 4, 1], [0, 2]), ([1, 4, 1], [1]), ([7, 130], [1]),
        ([130, 7], [0]),
        ([3, 2], []),
    ]

    /// Element by element in double precision.
    private func reference(_ x: Tensor, _ axes: [Int], from start: Double, _ f: (Double, Double) -> Double) -> Tensor {
        let kept = x.shape.indices.filter { !axes.contains($0) }
        let shape = kept.map { x.shape[$0] }
        var result = [Double](repeating: start, count: shape.reduce(1, *))
        for (flat, value) in x.scalars.enumerated() {
            var rest = flat, place = [Int](repeating: 0, count: x.rank)
            for axis in x.shape.indices.reversed() {
                place[axis] = rest % x.shape[axis]
                rest /= x.shape[axis]
            }
            let target = kept.reduce(0) { $0 * x.shape[$1] + place[$1] }
            result[target] = f(result[target], Double(value))
        }
        return Tensor(result.map(Float.init), shape: shape)
    }

    @Test(arguments: cases) func sumsAndMeansGoOverAnyAxes(_ shape: [Int], _ axes: [Int]) {
        let x = hashed("x", shape)
        let sum = reference(x, axes, from: 0, +)
        expectClose(x.sum(axes: axes), sum, tolerance: 1e-6)
        let count = axes.reduce(1) { $0 * shape[$1] }
        expectClose(
            x.mean(axes: axes), Tensor(sum.scalars.map { $0 / Float(count) }, shape: sum.shape), tolerance: 1e-6)
        #expect(x.sum(axes: axes, keepingAxes: true).shape == shape.indices.map { axes.contains($0) ? 1 : shape[$0] })
        checkGradients(of: x) { $0[0].sum(axes: axes) }
        checkGradients(of: x) { $0[0].mean(axes: axes, keepingAxes: true) }
    }

    @Test(arguments: cases) func varianceGoesOverAnyAxes(_ shape: [Int], _ axes: [Int]) {
        let x = hashed("x", shape)
        let count = Float(axes.reduce(1) { $0 * shape[$1] })
        let mean = x.mean(axes: axes, keepingAxes: true).broadcasted(to: shape)
        let squares = reference((x - mean) * (x - mean), axes, from: 0, +)
        expectClose(x.variance(axes: axes), squares / count, tolerance: 1e-6)
        if count > 1 { expectClose(x.variance(axes: axes, unbiased: true), squares / (count - 1), tolerance: 1e-6) }
        checkGradients(of: x) { $0[0].variance(axes: axes) }
    }

    @Test func negativeAxesCountFromTheEnd() {
        let x = hashed("x", [2, 3, 4])
        expectClose(x.sum(axes: [-1, 0]), x.sum(axes: [0, 2]), tolerance: 0)
        expectClose(x.mean(axis: -2), x.mean(axis: 1), tolerance: 0)
    }

    @Test func anEmptySumIsZeroAndAnEmptyMeanNaN() {
        let x = Tensor(zeros: [0, 3])
        #expect(x.sum(axis: 0).scalars == [0, 0, 0])
        #expect(x.sum(axis: 1).shape == [0])
        #expect(x.sum().item == 0)
        #expect(x.mean().item.isNaN)
    }

    @Test(.enabled(if: ThreadTests.areEnabled), arguments: [[200_000], [70_000, 3], [3, 70_000], [5, 4_000, 9], [2, 70_000]])
    func anyNumberOfThreadsGivesTheSameBits(_ shape: [Int]) {
        let x = hashed("x", shape)
        let count = Threads.count
        defer { Threads.count = count }
        let results = [1, 2, 3].map { threads in
            Threads.count = threads
            return shape.indices.map { x.sum(axis: $0).scalars.map(\.bitPattern) } + [x.sum().scalars.map(\.bitPattern)]
        }
        #expect(results[0] == results[1] && results[0] == results[2])
        expectClose(x.sum(axis: 0), reference(x, [0], from: 0, +), tolerance: 1e-6)
    }
}
