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

    @Test(arguments: [5, 7, 30, 101]) func identicalEmbeddingsGiveChance(count: Int) {
        let same = Tensor(hashed("one row", [1, 9]).scalars + [], shape: [1, 9])
        let all = Tensor.concatenated([Tensor](repeating: same, count: count), axis: 0)
        let found = Retrieval(queries: all, candidates: all)
        #expect(found.medianRank == Double(count + 1) / 2)
        for (k, recall) in [(1, found.r1), (5, found.r5), (10, found.r10)] {
            #expect(abs(recall - min(1, Double(k) / Double(count))) < 1e-12)
        }
    }

    @Test func tiedCandidatesShareCreditAsInARandomOrder() {
        // By score: one wrong above, then two right and three wrong at one score, one wrong below.
        let candidates = Tensor([1, 0, 0.6, 0.8, 0.6, 0.8, 0.6, 0.8, 0.6, 0.8, 0.6, 0.8, 0, 1], shape: [7, 2])
        let found = Retrieval(queries: Tensor([1, 0], shape: [1, 2]), candidates: candidates, answers: [[2, 4]])
        #expect(found.r1 == 0)
        // m = 4 of the five tied ones are among the first five: a miss needs four wrong ones of three.
        #expect(found.r5 == 1 && found.r10 == 1)
        #expect(found.medianRank == 1 + 6.0 / 3)  // above + (right + wrong + 1) / (right + 1)
        let top = Retrieval(queries: Tensor([0.6, 0.8], shape: [1, 2]), candidates: candidates, answers: [[2, 4]])
        #expect(abs(top.r1 - 2.0 / 5) < 1e-12 && top.medianRank == 2)
    }

    @Test func anyOfSeveralAnswersIsAHit() {
        let queries = Tensor([1, 0, 0, 1], shape: [2, 2])
        let candidates = Tensor([1, 0, 0.8, 0.6, 0.6, 0.8, 0, 1], shape: [4, 2])
        let found = Retrieval(queries: queries, candidates: candidates, answers: [[3, 1], [0]])
        #expect(found.r1 == 0 && found.r5 == 1)
        #expect(found.medianRank == 3)  // ranks 2 and 4
    }

    @Test func aQueryWithoutAnAnswerIsNotCounted() {
        let x = Tensor([1, 0, 0, 1], shape: [2, 2])
        let found = Retrieval(queries: x, candidates: x, answers: [[0], []])
        #expect(found.queries == 1 && found.candidates == 2 && found.r1 == 1)
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
        let found = Retrieval(
            queries: queries, candidates: candidates, queryLabels: [7, 9], candidateLabels: [9, 9, 7])
        #expect(found.r1 == 1)
    }

    @Test func manyRowsAreRankedInBlocksAsInOne() {
        let a = hashed("many a", [1500, 4]), b = hashed("many b", [1500, 4])
        let found = Retrieval(queries: a, candidates: b)
        // In one: the rank of each query's own candidate among all cosines, in float64.
        let x = Self.unitRows(a), y = Self.unitRows(b)
        let ranks = x.indices.map { row -> Int in
            let scores = y.map { candidate in zip(x[row], candidate).reduce(0) { $0 + $1.0 * $1.1 } }
            return 1 + scores.count { $0 > scores[row] }
        }
        let sorted = ranks.sorted()
        #expect(abs(found.medianRank - Double(sorted[749] + sorted[750]) / 2) <= 0.5)  // a tie by rounding moves it
        for (k, recall) in [(1, found.r1), (5, found.r5), (10, found.r10)] {
            #expect(abs(recall - Double(ranks.count { $0 <= k }) / 1500) < 1e-3, "R@\(k)")
        }
        // The rows of the second block by themselves, in a block of their own.
        let rows = 1024..<1500
        let alone = Retrieval(queries: a.sliced(rows, axis: 0), candidates: b, answers: rows.map { [$0] })
        let own = ranks[rows].sorted()
        #expect(abs(alone.medianRank - Double(own[237] + own[238]) / 2) <= 0.5)
    }

    private static func unitRows(_ matrix: Tensor) -> [[Double]] {
        let width = matrix.shape[1], values = matrix.scalars.map(Double.init)
        return stride(from: 0, to: values.count, by: width).map { first in
            let row = values[first..<first + width]
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return row.map { $0 / length }
        }
    }
}
