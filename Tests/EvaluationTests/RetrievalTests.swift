import ConcordEvaluation
import ConcordTensors
import TestSupport
import Testing

@Suite struct RetrievalTests {
    @Test func everyQueryThatIsItsOwnCandidateRanksFirst() {
        let x = hashed("retrieval", [37, 8])
        let found = Retrieval(queries: x, candidates: x)
        #expect(found.r1 == 1 && found.r10 == 1 && found.medianRank == 1 && found.candidates == 37)
    }

    @Test func tiesStandAtTheirMeanRank() {
        let same = Tensor(ones: [5, 3])
        let found = Retrieval(queries: same, candidates: same)
        #expect(found.medianRank == 3)  // four equals: half of them above
        #expect(found.r1 == 0 && found.r5 == 1)
    }

    @Test func aKnownOrderGivesItsRanks() {
        // Each query prefers the other's candidate.
        let queries = Tensor([1, 0, 0, 1], shape: [2, 2])
        let candidates = Tensor([0.6, 0.8, 0.8, 0.6], shape: [2, 2])
        let found = Retrieval(queries: queries, candidates: candidates)
        #expect(found.r1 == 0)
        #expect(found.medianRank == 2)
    }

    @Test func equalLabelsAreAllMatches() {
        let queries = Tensor([1, 0, 0, 1], shape: [2, 2])
        let candidates = Tensor([0.6, 0.8, 0.8, 0.6, 1, 0], shape: [3, 2])
        let found = Retrieval(queries: queries, candidates: candidates, queryLabels: [7, 9], candidateLabels: [9, 9, 7])
        #expect(found.r1 == 1)
    }

    @Test func manyRowsAreRankedInBlocksAsInOne() {
        let a = hashed("many a", [1500, 4]), b = hashed("many b", [1500, 4])
        let found = Retrieval(queries: a, candidates: b)
        #expect(found.r10 < 0.05)  // chance is 10 / 1500
        #expect(found.medianRank > 500 && found.medianRank < 1000)
    }
}
