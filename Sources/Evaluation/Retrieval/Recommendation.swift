public import ConcordTensors

/// How well users find the items that they take up later, among all items but those that they have: what recommenders
/// are measured by.
///
///     precision@10 = hits / 10,  recall@10 = hits / items wanted
///     NDCG@10 = sum over hits of 1 / log2(rank + 1)  /  the same of a perfect order
///
/// Means over users with an item to find. Items are ranked by cosine; of equal ones the first comes first.
public struct Recommendation: Sendable, Codable, Equatable {
    /// Of the first 10 items, means over users, in `0...1`.
    public let precision10, recall10, ndcg10: Double
    /// Users with an item to find, and items ranked.
    public let users, items: Int

    enum CodingKeys: String, CodingKey {
        case precision10 = "precision"
        case recall10 = "recall"
        case ndcg10 = "ndcg"
        case users, items
    }

    private static let length = 10

    /// - Parameters:
    ///   - users: embeddings `[N, D]`.
    ///   - items: embeddings `[M, D]`.
    ///   - wanted: for each user the rows of `items` to find; a user without any is not counted.
    ///   - known: for each user the rows of `items` that are not recommended, since the user has them.
    /// - Precondition: N lists each, of rows in `0 ..< M`.
    public init(users: Tensor, items: Tensor, wanted: [Set<Int>], known: [Set<Int>]) {
        ShapeCheck.require(
            users.rank == 2 && items.rank == 2 && users.shape[1] == items.shape[1] && wanted.count == users.shape[0]
                && known.count == users.shape[0], "Recommendation",
            "users \(users.shape), items \(items.shape), \(wanted.count) and \(known.count) lists of items")
        let discounts = (0..<Self.length).map(Discount.of(place:))
        var precision = 0.0, recall = 0.0, ndcg = 0.0, count = 0
        Similarities.forEachRow(of: users, against: items) { user, scores in
            guard !wanted[user].isEmpty else { return }
            let places = Self.top(scores, without: known[user])
            let hits = places.indices.filter { wanted[user].contains(places[$0]) }
            let ideal = discounts.prefix(wanted[user].count).reduce(0, +)
            precision += Double(hits.count) / Double(Self.length)
            recall += Double(hits.count) / Double(wanted[user].count)
            ndcg += hits.reduce(0) { $0 + discounts[$1] } / ideal
            count += 1
        }
        let users = Double(max(1, count))
        (precision10, recall10, ndcg10) = (precision / users, recall / users, ndcg / users)
        (self.users, self.items) = (count, items.shape[0])
    }

    /// The places of the largest scores, the largest first.
    private static func top(_ scores: UnsafeBufferPointer<Float>, without excluded: Set<Int>) -> [Int] {
        var places: [Int] = []
        for place in scores.indices {
            if places.count == length, !(scores[place] > scores[places[length - 1]]) { continue }
            if excluded.contains(place) { continue }
            let position = places.firstIndex { scores[place] > scores[$0] } ?? places.count
            places.insert(place, at: position)
            if places.count > length { places.removeLast() }
        }
        return places
    }
}
