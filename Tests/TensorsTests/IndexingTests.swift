import ConcordTensors
import TestSupport
import Testing

@Suite struct IndexingTests {
    let indices = Tensor([2, 0, 2, 1] as [Int32], shape: [2, 2])

    @Test func gatheredTakesPlacesOfAnyAxis() {
        let x = hashed("x", [3, 4, 5])
        let rows = x.gathered(at: indices)
        #expect(rows.shape == [2, 2, 4, 5])
        #expect(rows.scalars == [2, 0, 2, 1].flatMap { x.sliced($0..<($0 + 1), axis: 0).scalars })
        let columns = x.gathered(at: indices, axis: -1)
        #expect(columns.shape == [3, 4, 2, 2])
        for (place, index) in [2, 0, 2, 1].enumerated() {
            #expect(
                columns.reshaped([3, 4, 4]).sliced(place..<(place + 1), axis: 2).scalars
                    == x.sliced(index..<(index + 1), axis: 2).scalars)
        }
        #expect(Tensor([7, 8, 9] as [UInt8], shape: [3]).gathered(at: indices).bytes == [9, 7, 9, 8])
        #expect(x.gathered(at: Tensor([] as [Int32], shape: [0])).shape == [0, 4, 5])
    }

    @Test func scatteredAddsWherePlacesRepeat() {
        let x = Tensor([1, 2, 3, 4], shape: [2, 2])
        #expect(x.scattered(at: indices, size: 4).scalars == [2, 4, 4, 0])
        #expect(Tensor([10, 20, 30], shape: [3]).scatterAdd(x, at: indices).scalars == [12, 24, 34])
    }

    @Test func indexingHasItsGradients() {
        let x = hashed("x", [3, 4, 5]), indices = indices
        checkGradients(of: x) { $0[0].gathered(at: indices) }
        checkGradients(of: x) { $0[0].gathered(at: indices, axis: 1) }
        checkGradients(of: x) { $0[0].gathered(at: indices, axis: 2) }
        checkGradients(of: hashed("u", [3, 2, 2])) { $0[0].scattered(at: indices, axis: 1, size: 4) }
        checkGradients(of: hashed("t", [3, 4])) { $0[0].rows(at: indices) }
    }

    @Test func aTablesGradientIsItsRows() {
        let table = hashed("t", [1000, 4]), indices = indices
        let key = Key()
        let (_, gradients) = valueWithGradient { () -> Tensor in
            guard let tape = Context.current.tape else { return table }
            return tape.leaf(key, value: table).rows(at: indices).sum()
        }
        guard case .rows(let rows)? = gradients.cotangent(of: key) else {
            Issue.record("the gradient is dense")
            return
        }
        #expect(rows.shape == [1000, 4] && rows.contributions.count == 1 && rows.contributions[0].rows.shape == [4, 4])
        #expect(rows.contributions[0].indices.integerScalars == [2, 0, 2, 1])
        #expect(gradients[key]?.sliced(0..<4, axis: 0).scalars == [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0, 0, 0])
    }

    private final class Key: Sendable {}

    @Test func oneHotNamesItsPlace() {
        #expect(indices.oneHot(3).shape == [2, 2, 3])
        #expect(indices.oneHot(3).scalars == [0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0])
        #expect(indices.oneHot(3).argmax().integerScalars == indices.integerScalars)
    }

    @Test func anIndexOutOfRangeStopsAndIsNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor(zeros: [3, 2]).rows(at: Tensor([0, 3] as [Int32], shape: [2]))
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("rows(at:): index 3 at place 1 of [2] is outside of 0 ..< 3"))
    }
}
