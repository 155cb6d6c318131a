import ConcordTensors
import TestSupport
import Testing

struct TopKProductsTests {
    /// Small integers: products are exact, and many are equal.
    private func integers(_ name: String, _ shape: [Int]) -> Tensor {
        Tensor(hashed(name, shape).scalars.map { ($0 * 3).rounded() }, shape: shape)
    }

    @Test(arguments: [0, 1, 2, 33, 600, 1100]) func theyAreTheTopKOfAllProducts(k: Int) {
        let queries = integers("queries", [37, 4]), bank = integers("bank", [1100, 4])
        let found = queries.topKProducts(with: bank, k: k)
        let all = queries.matmul(bank, transposing: .right).topK(k)
        #expect(found.values.shape == [37, k] && found.values.scalars == all.values.scalars)
        #expect(found.indices.integerScalars == all.indices.integerScalars)
    }

    @Test func notANumberIsLargestAndInfinitiesAreInOrder() {
        let bank = Tensor([1, .nan, -.infinity, 2, .infinity, .nan, -3, -.infinity], shape: [8, 1])
        let found = Tensor(ones: [1, 1]).topKProducts(with: bank, k: 8)
        #expect(found.indices.integerScalars == [1, 5, 4, 3, 0, 6, 2, 7])
        #expect(Array(found.values.scalars[2...]) == [.infinity, 2, 1, -3, -.infinity, -.infinity])
        #expect(Tensor(ones: [1, 1]).topKProducts(with: bank, k: 1).indices.integerScalars == [1])
    }

    @Test func noQueriesGiveNoRows() {
        let found = Tensor(zeros: [0, 3]).topKProducts(with: Tensor(ones: [5, 3]), k: 2)
        #expect(found.values.shape == [0, 2] && found.indices.shape == [0, 2])
    }
}
