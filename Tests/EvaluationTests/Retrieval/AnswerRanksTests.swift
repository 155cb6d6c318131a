import ConcordEvaluation
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct AnswerRanksTests {
    private func table(_ name: String, _ width: Int) -> [[Double]] {
        let all = MetricsFixture.hashed(name, 12 * width)
        return (0..<12).map { Array(all[$0 * width..<($0 + 1) * width]) }
    }

    /// The places above a limit; the given one where there are none.
    private func answers(_ name: String, _ width: Int, above limit: Double, else place: Int) -> [[Int]] {
        table(name, width).map { row in
            let right = row.indices.filter { row[$0] > limit }
            return right.isEmpty ? [place] : right
        }
    }

    private func values(_ ranks: AnswerRanks) -> [Double] {
        [
            ranks.firstRank, ranks.reciprocalRank, ranks.averagePrecision, ranks.ndcg(at: 3), ranks.hit(at: 3),
            ranks.precision(at: 3), ranks.recall(at: 3),
        ]
    }

    @Test func severalRightAnswersRankAsByScikitLearn() {
        let scores = table("untied", 9), answers = answers("answers", 9, above: 0.3, else: 0)
        for n in 0..<12 {
            let ranks = AnswerRanks(scores: scores[n].map(Float.init), answers: answers[n])
            MetricsFixture.compare(values(ranks), MetricsFixture.rows("ranks")[n], "query \(n)")
        }
    }

    @Test func tiedCandidatesHaveTheMeanOverTheirOrders() {
        let scores = table("tied", 7).enumerated().map { n, row in
            row.map { n == 11 ? 0 : ($0 * 1.4).rounded(.toNearestOrEven) }
        }
        let answers = answers("right", 7, above: 0.2, else: 2)
        for n in 0..<12 {
            let ranks = AnswerRanks(scores: scores[n].map(Float.init), answers: answers[n].reversed())
            MetricsFixture.compare(values(ranks), MetricsFixture.rows("tied")[n], "query \(n)")
        }
    }

    @Test(arguments: [1, 2, 40]) func manyEqualCandidatesAreChance(right: Int) {
        let count = 5000
        let ranks = AnswerRanks(scores: [Float](repeating: 0.5, count: count), answers: Array(0..<right))
        // By the probabilities of the first right place, and of each place.
        var miss = 1.0, reciprocal = 0.0, precision = 0.0
        for j in 0..<count {
            let hit = Double(right) / Double(count - j)
            reciprocal += miss * min(1, hit) / Double(j + 1)
            miss *= max(0, 1 - hit)
            precision += (1 + Double(j) * Double(right - 1) / Double(count - 1)) / Double(j + 1) / Double(count)
        }
        #expect(abs(ranks.reciprocalRank - reciprocal) < 1e-12)
        #expect(abs(ranks.averagePrecision - precision) < 1e-12)
        #expect(abs(ranks.precision(at: 10) - Double(right) / Double(count)) < 1e-12)
    }

    @Test(arguments: [1, 4, 9]) func gradedRankingsAreScikitLearns(k: Int) {
        let relevance = table("relevance", 9).map { $0.map { (($0 + 1) * 2).rounded(.toNearestOrEven) } }
        let scores = table("ranked", 9).map { $0.map { ($0 * 3).rounded(.toNearestOrEven) / 3 } }
        MetricsFixture.expect(
            (0..<12).map { GradedRanking.ndcg(relevance: relevance[$0], scores: scores[$0], k: k) }, "ndcg.\(k)")
        #expect(GradedRanking.ndcg(relevance: [0, 0], scores: [1, 2], k: k) == nil)
    }

    @Test func aRetrievalIsTheMeanOverItsQueries() throws {
        let queries = hashed("retrieval.q", [30, 6]), candidates = hashed("retrieval.c", [50, 6])
        let answers = (0..<30).map { n in n % 7 == 0 ? [] : [n, (n * 3 + 1) % 50].filter { $0 != 20 } }
        let found = Retrieval(queries: queries, candidates: candidates, answers: answers)
        let rankings = Rankings(queries: queries, candidates: candidates, answers: answers)
        #expect(found.queries == 25 && rankings.queries.count == 25 && rankings.candidates == 50)
        let unit = queries.l2Normalized().matmul(candidates.l2Normalized(), transposing: .right).scalars
        let own = (0..<30).filter { !answers[$0].isEmpty }.map { n in
            AnswerRanks(scores: Array(unit[n * 50..<(n + 1) * 50]), answers: answers[n])
        }
        #expect(rankings.queries == own)
        let expected = [
            (found.meanRank, own.map(\.firstRank)), (found.meanReciprocalRank, own.map(\.reciprocalRank)),
            (found.meanAveragePrecision, own.map(\.averagePrecision)), (found.ndcg10, own.map { $0.ndcg(at: 10) }),
            (found.precision5, own.map { $0.precision(at: 5) }), (found.recall5, own.map { $0.recall(at: 5) }),
            (found.r5, own.map { $0.hit(at: 5) }),
        ]
        for (value, all) in expected { #expect(abs(value - all.reduce(0, +) / 25) < 1e-12) }
        #expect(found.recall10 < found.r10 && found.precision1 == found.r1)
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(found)) as? [String: Any]
        #expect(
            try Set(#require(object).keys) == [
                "r1", "r5", "r10", "median_rank", "mean_rank", "mrr", "map", "ndcg10", "precision1", "precision5",
                "precision10", "recall1", "recall5", "recall10", "queries", "candidates",
            ])
    }

    @Test func scoresThatAreNotANumberRankLast() {
        let ranks = AnswerRanks(scores: [.nan, 0.1, .nan, -0.5], answers: [2])
        #expect(ranks.firstRank == 3.5 && ranks.hit(at: 2) == 0 && ranks.hit(at: 3) == 0.5)
        let query = Tensor([.nan, 1], shape: [1, 2])
        let broken = Retrieval(queries: query, candidates: hashed("b", [8, 2]), answers: [[3]])
        #expect(broken.medianRank == 4.5 && broken.r1 == 1.0 / 8)
    }
}
