import ConcordTensors
import TestSupport
import Testing

@Suite struct ExtremesTests {
    @Test(arguments: [[5], [3, 200], [200, 3], [4, 5, 6], [2, 40_000], [40_000, 2], [1, 3]]) func maximaGoOverAnyAxis(
        _ shape: [Int]
    ) {
        let x = hashed("x", shape)
        let scalars = x.scalars
        for axis in shape.indices {
            let inner = shape[(axis + 1)...].reduce(1, *), size = shape[axis], outer = x.count / inner / size
            var largest: [Float] = [], places: [Int32] = []
            for o in 0..<outer {
                for i in 0..<inner {
                    let line = (0..<size).map { scalars[(o * size + $0) * inner + i] }
                    let best = line.indices.max { line[$0] < line[$1] } ?? 0
                    largest.append(line[best])
                    places.append(Int32(line.firstIndex(of: line[best]) ?? best))
                }
            }
            #expect(x.max(axis: axis).scalars == largest)
            #expect(x.argmax(axis: axis).integerScalars == places)
        }
        #expect(x.max().item == scalars.max())
    }

    @Test func equalLargestShareTheGradient() {
        let x = Tensor([3, 1, 3, 2, 2, 2], shape: [2, 3])
        let gradient = valueWithPullback(of: [x]) { [$0[0].max(axis: 1)] }.pullback([Tensor([1, 3], shape: [2])]).1[0]
        #expect(gradient?.scalars == [0.5, 0, 0.5, 1, 1, 1])
        #expect(x.argmax(axis: 1).integerScalars == [0, 0])
    }

    @Test func gradientsOfMaximaMatchDifferences() {
        let x = hashed("x", [3, 4, 5])
        checkGradients(of: x, step: 1e-3) { $0[0].max(axes: [0, 2]) }
        checkGradients(of: x, step: 1e-3) { $0[0].max() }
        checkGradients(of: x, step: 1e-3) { $0[0].topK(2).values }
    }

    @Test(arguments: [3, 70, 200]) func nanIsLargerThanAll(_ count: Int) {
        var scalars = hashed("x", [count]).scalars
        scalars[1] = .nan
        scalars[2] = .infinity
        let row = Tensor(scalars, shape: [count]),
            column = Tensor(scalars, shape: [count, 1]).broadcasted(to: [count, 2])
        #expect(row.max().item.isNaN && column.max(axis: 0).scalars.allSatisfy(\.isNaN))
        #expect(row.argmax().integerScalars == [1] && column.argmax(axis: 0).integerScalars == [1, 1])
        #expect(row.topK(2).indices.integerScalars == [1, 2])
    }

    @Test func topKPutsEqualOnesInTheirOrder() {
        let x = Tensor([2, 5, 2, 5, 1, 9, 9, 9], shape: [2, 4])
        let (values, indices) = x.topK(3)
        #expect(values.scalars == [5, 5, 2, 9, 9, 9] && indices.integerScalars == [1, 3, 0, 1, 2, 3])
        #expect(x.topK(0).values.shape == [2, 0])
        #expect(x.topK(4).values.scalars == [5, 5, 2, 2, 9, 9, 9, 1])
    }
}
