import ConcordDatasets

/// Which training rows are each other's positives, by `objective.positives`.
///
/// By `label` rows of equal value in the first column of `data.labels` are.
/// Rows that name the same file of any input are one item; where no input is a file, rows of equal text in the first
/// input (of equal question, say). `items` joins those; `equal_texts` joins rows of equal
/// text besides. Both join chains too: where an image has the captions A and B, and B is also a caption of another
/// image, `equal_texts` puts all rows of both images into one group. A loss takes groups, not single pairs, so a
/// generic caption ("a photo") joins all its items: `items` is right for such data, and the default for tables. In
/// `items`, equal texts of different items stay negatives of each other; since equal texts have equal embeddings, that
/// costs a constant in the loss and next to nothing in the gradient.
struct Positives: Sendable {
    /// Rows of which another row has the same file, or the same text.
    let repeatedFiles, repeatedTexts: Int
    /// Rows whose text a row of other files has too.
    let textsOfOtherItems: Int
    /// Number of rows, and of rows in the largest group of positives.
    let rows, largest: Int
    private let kind: ContrastiveSettings.Positives
    /// "name a file", or "have a question" where no input is a file.
    private let itemWords: String
    /// A group's number for each text and file; empty where every row is its own group.
    private let groups: [String: Int32]
    /// The column of classes, for `label`.
    private let label: String?

    init(_ table: SampleTable, _ kind: ContrastiveSettings.Positives) {
        self.kind = kind
        label = kind == .label ? table.settings.labels.first : nil
        rows = table.train.count
        if let label {
            var counts: [String: Int] = [:]
            for row in table.train {
                let value = table.value(label, of: row)
                if !value.isBlank { counts[value, default: 0] += 1 }
            }
            (repeatedFiles, repeatedTexts, textsOfOtherItems, itemWords) = (0, 0, 0, "")
            largest = counts.values.max() ?? 0
            let names = counts.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            groups = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
            return
        }
        let (files, texts) = Self.inputs(of: table)
        itemWords = table.files.isEmpty ? "have a \(files.first?.name ?? "text")" : "name a file"
        var items = DisjointSets(), all = DisjointSets()
        var counts: [String: Int] = [:]
        for row in table.train {
            let files = Self.keys(of: row, in: table, files), texts = Self.keys(of: row, in: table, texts)
            for key in files + texts { counts[key, default: 0] += 1 }
            items.join(files)
            all.join(kind == .equalTexts ? files + texts : files)
        }
        var byGroup: [Int32: Int] = [:], itemOfText: [String: Int32] = [:], shared: Set<String> = []
        var repeatedFiles = 0, repeatedTexts = 0
        for row in table.train {
            let files = Self.keys(of: row, in: table, files), texts = Self.keys(of: row, in: table, texts)
            if files.contains(where: { counts[$0, default: 0] > 1 }) { repeatedFiles += 1 }
            if texts.contains(where: { counts[$0, default: 0] > 1 }) { repeatedTexts += 1 }
            if let text = texts.first, let item = items.number(of: files.first) {
                if itemOfText[text, default: item] != item { shared.insert(text) }
                itemOfText[text] = item
            }
            if let group = all.number(of: files.first ?? texts.first) { byGroup[group, default: 0] += 1 }
        }
        textsOfOtherItems = shared.reduce(0) { $0 + counts[$1, default: 0] }
        (self.repeatedFiles, self.repeatedTexts) = (repeatedFiles, repeatedTexts)
        largest = byGroup.values.max() ?? 0
        groups = kind == .pair || largest < 2 ? [:] : all.numbers
    }

    private static func keys(of row: Row, in table: SampleTable, _ inputs: [RecipeInput]) -> [String] {
        // The same file or text in two inputs is one item.
        inputs.compactMap { input in table.part(input, of: row).map { "\(input.kind.rawValue) \($0)" } }
    }

    /// The inputs that say which item a row is of, and the texts beside them.
    private static func inputs(of table: SampleTable) -> (items: [RecipeInput], texts: [RecipeInput]) {
        let texts = table.settings.inputs.filter { $0.kind == .text }
        return table.files.isEmpty ? (Array(texts.prefix(1)), Array(texts.dropFirst())) : (table.files, texts)
    }

    /// Whether any sample has another as a positive.
    var hasGroups: Bool { !groups.isEmpty }

    /// Equal for samples that are each other's positives.
    func group(of row: Row, in table: SampleTable) -> Int32 {
        if let label {
            // A row without a class is its own group.
            return groups[table.value(label, of: row)] ?? Int32(truncatingIfNeeded: groups.count + row.line)
        }
        let (files, texts) = Self.inputs(of: table)
        let key = Self.keys(of: row, in: table, files + texts).first
        return key.flatMap { groups[$0] } ?? -1
    }

    /// What a user should know of repeated files and texts, a sentence each.
    var notices: [String] {
        var result: [String] = []
        if let label {
            let classes = groups.count == 1 ? "1 class" : "\(groups.count) classes"
            result.append("rows of equal \(label) are each other's positives: \(classes) in \(rows) rows")
        }
        let verb = { (count: Int) in count == 1 ? "has" : "have" }
        if repeatedFiles > 0 {
            result.append(
                "\(repeatedFiles) of \(rows) rows \(itemWords) that another row "
                    + "\(itemWords.hasPrefix("have") ? "has" : "names") too; they are treated as "
                    + (kind == .pair
                        ? "negatives of each other (objective.positives: pair; `items` makes them positives)"
                        : "one item, each other's positives (objective.positives: \(kind.rawValue))"))
        }
        if kind != .equalTexts, textsOfOtherItems > 0 {
            let count = kind == .pair ? repeatedTexts : textsOfOtherItems
            result.append(
                "\(count) of \(rows) rows \(verb(count)) a text that occurs more than once, with other files; in "
                    + "training they are treated "
                    + """
                        as negatives of each other (objective.positives: \(kind.rawValue); `equal_texts` makes them \
                        positives)
                        """
            )
        }
        if kind == .equalTexts, repeatedTexts > 0 {
            result.append(
                "\(repeatedTexts) of \(rows) rows \(verb(repeatedTexts)) a text that occurs more than once; they are "
                    + "treated as each other's "
                    + "positives (objective.positives: equal_texts); the largest group has \(largest) rows")
        }
        if kind != .pair, rows > 1, largest == rows {
            result.append(
                "all \(rows) rows are each other's positives: there is nothing to contrast, and the loss tells nothing "
                    + "(objective.positives)")
        }
        return result
    }
}

/// Keys joined to groups (union-find).
private struct DisjointSets {
    private var places: [String: Int] = [:]
    private var parents: [Int] = []

    /// Puts keys into one group.
    mutating func join(_ keys: [String]) {
        var first: Int?
        for key in keys {
            let place = compressedRoot(of: add(key))
            guard let other = first else {
                first = place
                continue
            }
            parents[max(other, place)] = min(other, place)
            first = min(other, place)
        }
    }

    private mutating func add(_ key: String) -> Int {
        if let place = places[key] { return place }
        places[key] = parents.count
        parents.append(parents.count)
        return parents.count - 1
    }

    /// The root, with every second link on the way shortened.
    private mutating func compressedRoot(of place: Int) -> Int {
        var place = place
        while parents[place] != place {
            parents[place] = parents[parents[place]]
            place = parents[place]
        }
        return place
    }

    private func root(of place: Int) -> Int {
        var place = place
        while parents[place] != place { place = parents[place] }
        return place
    }

    func number(of key: String?) -> Int32? {
        key.flatMap { places[$0] }.map { Int32(truncatingIfNeeded: root(of: $0)) }
    }

    /// Each key's group.
    var numbers: [String: Int32] { places.mapValues { Int32(truncatingIfNeeded: root(of: $0)) } }
}
