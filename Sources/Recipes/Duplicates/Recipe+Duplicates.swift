import ConcordDatasets
import ConcordTensors

extension Recipe {
    /// How near duplicates are looked for.
    public enum DuplicateCandidates: Sendable {
        /// By what is seen, heard or read, without a model.
        case content
        /// By a run's embeddings of cosine similarity `least` or more; nil: of the median similarity of an item to its
        /// nearest neighbor, and without verification of half the median distance. Candidates are compared by content
        /// unless `isVerified` is false.
        case embeddings(Run, least: Float? = nil, isVerified: Bool = true)
    }

    /// The duplicates among the items that `data` names: inside the training part, and across the split.
    /// - Parameters:
    ///   - data: the directory that the recipe's data paths start from.
    ///   - inputs: names of the inputs whose items are compared; by default those of files, else those of texts.
    ///   - candidates: how near ones are looked for.
    ///   - progress: is called with a step's name, and how much of it is done.
    /// - Throws: `RecipeError` where there is nothing to compare, or all files are unreadable; unreadable ones among
    ///   others are left out and listed.
    public func duplicates(
        data root: String, inputs names: [String] = [], by candidates: DuplicateCandidates = .content,
        progress: (_ step: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
    ) throws -> Duplicates {
        try Self.requireDirectory(root)
        guard data.kind != .text, data.kind != .movingShapes else {
            throw RecipeError.data(
                message: "data.kind: \(data.kind.rawValue) has no rows to compare; duplicates are looked for in "
                    + "tables, folders and files")
        }
        let inputs = try comparedInputs(names), table = try SampleTable(data, root: root)
        try table.exclusion?.requireKnownNames()
        var copies: [NearestCopies] = []
        let searches = try inputs.map { input in
            var search = DuplicateSearch(ComparedItem.all(of: table, input, root: root)) {
                progress("\(input) read", $0, 0)
            }
            try search.requireReadable()
            switch candidates {
            case .content: search.findNear { progress("candidates compared", $0, $1) }
            case .embeddings(let run, let least, let isVerified):
                let embedded = try search.findNear(
                    by: run, input, least: least, isVerified: isVerified, progress: progress)
                if let embedded, let found = NearestCopies(search, embedded.vectors, places: embedded.places, of: table)
                {
                    copies.append(found)
                }
            }
            return search
        }
        return Duplicates(searches, copies, notes: [table.exclusion?.notice].compactMap { $0 })
    }

    /// The inputs of these names; all of files, else all of texts, where none is named.
    private func comparedInputs(_ names: [String]) throws -> [RecipeInput] {
        guard names.isEmpty else {
            return try names.map { name in
                guard let input = data.input(name), input.kind != .id else {
                    let known = data.inputs.filter { $0.kind != .id }.map(\.name)
                    throw RecipeError.data(
                        message: "no input \(name) to compare; the recipe has \(known.joined(separator: ", "))")
                }
                return input
            }
        }
        let files = data.inputs.filter(\.kind.isFile), texts = data.inputs.filter { $0.kind == .text }
        guard let found = [files, texts].first(where: { !$0.isEmpty }) else {
            throw RecipeError.data(message: "the recipe has ids alone: there is nothing to compare")
        }
        return found
    }
}

extension DuplicateSearch {
    /// - Throws: where no item could be read.
    func requireReadable() throws {
        guard let first = rejected.first, rejected.count == items.count else { return }
        throw RecipeError.rejected(first)
    }
}

extension Duplicates {
    /// Pairs of a held-out item that are listed at most.
    private static let mostPairs = 10

    init(_ searches: [DuplicateSearch], _ copies: [NearestCopies], notes: [String]) {
        var pairs: [Pair] = [], leaked = 0, cut = 0
        for search in searches {
            let all = search.pairsAcross()
            var start = 0
            while start < all.count {
                let end = all[start...].firstIndex { $0.heldOut != all[start].heldOut } ?? all.count
                pairs += all[start..<min(end, start + Self.mostPairs)]
                cut += max(0, end - start - Self.mostPairs)
                leaked += 1
                start = end
            }
        }
        let items = searches.flatMap(\.items)
        self.pairs = pairs
        leakedCount = leaked
        trainCount = items.count { !$0.item.isHeldOut }
        heldOutCount = items.count { $0.item.isHeldOut }
        groups = searches.flatMap { $0.groups() }
        redundancies = searches.flatMap { $0.redundancies() }
        rejected = searches.flatMap(\.rejected)
        self.copies = copies
        let more =
            cut > 0 ? ["\(cut) further pairs are of held-out items with \(Self.mostPairs) listed already"] : []
        self.notes = notes + searches.flatMap(\.notes) + more
    }
}
