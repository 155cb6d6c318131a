import ConcordTensors
import TestSupport
import Testing

struct AlongTests {
    /// Rows with indices of their own, the first axis of three, and an index twice.
    static let rows = Tensor([2, 0, 0, 1, 1, 2] as [Int32], shape: [3, 2])

    @Test func everyRowTakesItsOwnElements() {
        let x = Tensor([0, 1, 2, 10, 11, 12, 20, 21, 22], shape: [3, 3])
        #expect(x.takingAlong(Self.rows).scalars == [2, 0, 10, 11, 21, 22])
        let first = Tensor([1, 0, 1] as [Int32], shape: [1, 3])
        #expect(x.takingAlong(first, axis: 0).scalars == [10, 1, 12])
        checkGradients(of: hashed("along", [3, 3])) { $0[0].takingAlong(Self.rows) }
    }

    @Test func scatteringIsItsAdjoint() {
        let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2])
        #expect(x.scatteringAlong(Self.rows, size: 3).scalars == [2, 0, 1, 3, 4, 0, 0, 5, 6])
        let twice = Tensor([1, 1] as [Int32], shape: [1, 2])
        #expect(Tensor([3, 4], shape: [1, 2]).scatteringAlong(twice, size: 2).scalars == [0, 7])
        checkGradients(of: hashed("scattered", [3, 2])) { $0[0].scatteringAlong(Self.rows, size: 4) }
    }

    @Test func axesAreFlippedAndRolled() {
        let x = Tensor([0, 1, 2, 3, 4, 5], shape: [2, 3])
        #expect(x.flipped(axis: 1).scalars == [2, 1, 0, 5, 4, 3])
        #expect(x.flipped(axis: 0).scalars == [3, 4, 5, 0, 1, 2])
        #expect(x.rolled(by: 1, axis: 1).scalars == [2, 0, 1, 5, 3, 4])
        #expect(x.rolled(by: -4, axis: -1).scalars == [1, 2, 0, 4, 5, 3])
        checkGradients(of: hashed("rolled", [2, 3])) { $0[0].flipped(axis: 0).rolled(by: 2, axis: 1) }
    }

    @Test func squaredDistancesAreThoseOfRows() {
        let a = Tensor([0, 0, 3, 4], shape: [2, 2]), b = Tensor([0, 0, 1, 0, 3, 0], shape: [3, 2])
        #expect(a.squaredDistances(to: b).scalars == [0, 1, 9, 25, 20, 16])
        checkGradients(of: hashed("a", [3, 4]), hashed("b", [2, 4])) { $0[0].squaredDistances(to: $0[1]) }
    }

    @Test func cumulativeSumsRunAlongAnAxis() {
        let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(x.cumulativeSum(axis: 1).scalars == [1, 3, 6, 4, 9, 15])
        #expect(x.cumulativeSum(axis: 0).scalars == [1, 2, 3, 5, 7, 9])
        checkGradients(of: hashed("sums", [2, 3, 2])) { $0[0].cumulativeSum(axis: 1) }
    }

    @Test func anOperationOfOnesOwnHasItsOwnDerivative() throws {
        let x = Tensor([-2, 0.5, 3], shape: [3]), y = Tensor([2, 2, 2], shape: [3])
        let (value, pullback) = valueWithPullback(of: [x, y]) { inputs in
            [
                .custom(inputs, name: "straight through") {
                    $0[0].clamped(to: -1...1) * $0[1]
                } pullback: { inputs, output, upstream, needs in
                    #expect(output.scalars == [-2, 1, 2] && needs == [true, true])
                    return [upstream * inputs[1], nil]
                }
            ]
        }
        #expect(value[0].scalars == [-2, 1, 2])
        let (_, cotangents) = pullback([Tensor([1, 10, 100], shape: [3])])
        #expect(try #require(cotangents[0]).scalars == [2, 20, 200], "also where it was clamped")
        #expect(cotangents[1] == nil || cotangents[1]?.scalars.allSatisfy { $0 == 0 } == true)
    }

    @Test func indicesThatDoNotFitStopWithTheShapes() async {
        await #expect(processExitsWith: .failure) {
            _ = Tensor(zeros: [2, 3]).takingAlong(Tensor([0] as [Int32], shape: [1]))
        }
    }
}
