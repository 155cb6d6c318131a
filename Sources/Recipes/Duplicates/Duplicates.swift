public import ConcordDatasets

/// Items of a data set that are there more than once: inside its training part, and across its split.
///
/// ```swift
/// let recipe = try Recipe(named: "photos")
/// let found = try recipe.duplicates(data: "shop")
/// for pair in found.pairs { print(pair.kind, pair.similarity, pair.train.name, pair.heldOut.name) }
/// try found.exclusionList.write(toFile: "shop/excluded.txt", atomically: true, encoding: .utf8)
/// ```
///
/// What is evaluated on copies of training items looks better than it is, and what is trained on copies counts them
/// several times.
public struct Duplicates: Sendable {
    /// In what two items are equal, the strictest first.
    public enum Kind: String, Sendable, CaseIterable {
        /// The bytes of their files.
        case file
        /// What the files hold: the pixels, the samples, or the text but for case and white space.
        case content
        /// What is seen or heard, but for compression, size, a narrow margin, rate or loudness; or most of the words.
        case near
    }

    /// A file or a text of the data.
    public struct Item: Sendable, Hashable {
        /// The file as seen from the data directory, or the place of a row: `pairs.tsv:17`. `data.exclude` takes both.
        public let name: String
        /// The input that it is of.
        public let input: RecipeInput
        /// Whether it is held out; otherwise it is trained on.
        public let isHeldOut: Bool
        /// The text; nil for files.
        public let text: String?
    }

    /// A training item and a held-out one that are duplicates.
    public struct Pair: Sendable {
        /// The one trained on.
        public let train: Item
        /// The one held out.
        public let heldOut: Item
        /// In what they are equal.
        public let kind: Kind
        /// 1 but for near ones: a correlation of pixels or samples, or the fraction of runs of words in common.
        public let similarity: Float
    }

    /// Training items that are duplicates, each of one of the others at least.
    public struct Group: Sendable {
        /// Two or more, in the order of the data.
        public let items: [Item]
        /// The loosest kind by which they belong together.
        public let kind: Kind
        /// The least similarity by which they belong together.
        public let similarity: Float
    }

    /// A training item that may be left out, and the item that it is a duplicate of.
    public struct Redundancy: Sendable {
        /// The one to leave out.
        public let item: Item
        /// A held-out one, or a training one that stays.
        public let original: Item
        /// In what they are equal.
        public let kind: Kind
        /// As in a pair.
        public let similarity: Float
    }

    /// Items compared: those trained on, and those held out.
    public let trainCount, heldOutCount: Int
    /// Across the split, at most ten for each held-out item, in the order of the held-out items.
    public let pairs: [Pair]
    /// Inside the training part.
    public let groups: [Group]
    /// Training items without which none is a duplicate of a held-out one or of another training one.
    public let redundancies: [Redundancy]
    /// Held-out items that have a duplicate among the training items.
    public let leakedCount: Int
    /// Files that could not be read.
    public let rejected: [Rejected]
    /// How near held-out items are to training items by the run's embeddings, where those were asked for: one for each
    /// input.
    public let copies: [NearestCopies]
    /// What was not compared, and why, a sentence each.
    public let notes: [String]

    /// Held-out items whose closest duplicate is of a kind.
    public func leakedCount(_ kind: Kind) -> Int {
        var closest: [Item: Kind] = [:]
        for pair in pairs where pair.kind.rank < closest[pair.heldOut]?.rank ?? .max {
            closest[pair.heldOut] = pair.kind
        }
        return closest.values.count { $0 == kind }
    }

    /// The redundant items as a list that `data.exclude` reads: a name on each line, under a comment that names its
    /// original.
    public var exclusionList: String {
        redundancies.reduce(into: "") { text, found in
            let value = found.kind == .near ? " \((found.similarity * 1000).rounded() / 1000)" : ""
            text += "# \(found.kind.rawValue)\(value): \(found.original.isHeldOut ? "held out " : "")"
                + "\(found.original.name)\n\(found.item.name)\n"
        }
    }
}

extension Duplicates.Kind {
    /// 0 for the strictest.
    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
