import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite struct NeighborTests {
    @Test(arguments: [1, 7, 40, 2000]) func neighborsAreThoseOfASort(k: Int) {
        let bank = hashed("bank", [1300, 9]), queries = hashed("queries", [70, 9])
        let found = NeighborSearch(bank).neighbors(of: queries, k: k)
        let a = queries.l2Normalized().scalars, b = bank.l2Normalized().scalars, count = min(k, 1300)
        #expect(found.indices.shape == [70, count] && found.similarities.shape == [70, count])
        let places = found.indices.integerScalars, similarities = found.similarities.scalars
        for row in 0..<70 {
            let all = (0..<1300).map { n in
                (0..<9).reduce(0.0) { $0 + Double(a[row * 9 + $1]) * Double(b[n * 9 + $1]) }
            }
            let sorted = all.sorted(by: >), own = row * count..<(row + 1) * count
            #expect(Set(places[own]).count == count)
            for (rank, i) in own.enumerated() {
                #expect(abs(Double(similarities[i]) - all[Int(places[i])]) < 1e-6)
                #expect(abs(Double(similarities[i]) - sorted[rank]) < 1e-6)
            }
        }
    }

    @Test func equallySimilarRowsAreInTheOrderOfTheBank() {
        // Three directions, each many times, in more than one tile.
        let bank = Tensor((0..<1500).flatMap { n -> [Float] in [[1, 0], [0, 1], [-1, 0]][n % 3] }, shape: [1500, 2])
        let found = NeighborSearch(bank).neighbors(of: Tensor([2, 0, 0, 3], shape: [2, 2]), k: 600)
        let places = found.indices.integerScalars
        #expect(Array(places[..<500]) == (0..<500).map { $0 * 3 }, "cosine 1")
        #expect(Array(places[500..<600]) == (0..<100).map { $0 * 3 + 1 }, "cosine 0")
        #expect(Array(places[600..<1100]) == (0..<500).map { $0 * 3 + 1 })
        #expect(Array(places[1100...]) == (0..<1500).filter { $0 % 3 != 1 }.prefix(100).map(Int32.init))
    }

    @Test func votesAreFractionsOfTheWeights() {
        let embeddings = Tensor([1, 0, 0.8, 0.6, 0.8, -0.6, -1, 0], shape: [4, 2])
        let probe = NearestNeighbors(embeddings: embeddings, labels: [0, 1, 1, 2], classes: 4, k: 3, temperature: 0.2)
        let votes = probe.votes(Tensor([3, 0], shape: [1, 2])).scalars, far = Float(2 * exp(-1.0))
        expectClose(Tensor(votes, shape: [4]), Tensor([1 / (1 + far), far / (1 + far), 0, 0], shape: [4]))
        #expect(probe.classify(Tensor([3, 0], shape: [1, 2])) == [0])
    }

    @Test func numbersAreTheMeanOfTheNeighborsAsScikitLearns() {
        let targets = ProbeSamples.targets(ProbeSamples.training.features, "probes.noise")
        let predicted = NeighborRegression(embeddings: ProbeSamples.training.features, targets: targets, k: 20)
            .predict(ProbeSamples.test.features)
        for (own, theirs) in zip(predicted, ProbeSamples.values("neighbors.predicted")) {
            #expect(abs(own - theirs) < 1e-5)
        }
        let near = NeighborRegression(
            embeddings: Tensor([1, 0, 0.8, 0.6], shape: [2, 2]), targets: [10, 20], k: 2, temperature: 0.2)
        let weight = exp(-1.0)
        #expect(abs(near.predict(Tensor([1, 0], shape: [1, 2]))[0] - (10 + 20 * weight) / (1 + weight)) < 1e-5)
    }
}
