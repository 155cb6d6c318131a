import ConcordTensors
import TestSupport
import Testing

struct StandardizationTests {
    @Test func columnsHaveTheirMeansAndBiasedVariances() {
        let x = Tensor([1, 5, 3, 5, 8, 5], shape: [3, 2])
        let (mean, variance) = x.columnMoments()
        #expect(mean == [4, 5] && variance == [26.0 / 3, 0])
    }

    @Test func standardizedColumnsHaveMeanZeroAndVarianceOne() {
        let x = hashed("columns", [500, 3], scale: 4) + 10
        let (mean, variance) = x.columnMoments()
        let (after, spread) = x.standardized(mean: mean, std: variance.map { $0.squareRoot() }).columnMoments()
        for d in 0..<3 { #expect(abs(after[d]) < 1e-6 && abs(spread[d] - 1) < 1e-5) }
    }

    @Test func rowProductsAreTheMatmulOfBlocks() {
        let x = hashed("rows", [1030, 5]), y = hashed("others", [4, 5])
        let expected = x.matmul(y, transposing: .right).scalars
        var found: [Float] = [], order: [Int] = []
        x.forEachRow(ofProductWith: y) { row, products in
            order.append(row)
            found += products
        }
        #expect(order == Array(0..<1030))
        expectClose(Tensor(found, shape: [1030, 4]), Tensor(expected, shape: [1030, 4]))
    }

    @Test func paddedRowsEndInZeros() {
        let x = Tensor(rows: [[1, 2], [], [3]], paddedTo: 3)
        #expect(x.shape == [3, 3] && x.scalars == [1, 2, 0, 0, 0, 0, 3, 0, 0])
    }

    @Test func oneElementThatIsNotFiniteIsFound() {
        #expect(Tensor([1, -2], shape: [2]).isFinite)
        #expect(!Tensor([1, .infinity], shape: [2]).isFinite)
        #expect(!Tensor([.nan, 1], shape: [2]).converted(to: .bfloat16).isFinite)
    }
}
