import ConcordDatasets

/// The distinct files and texts of some rows: the queries and candidates of retrieval, and which are right for each
/// other.
///
/// An item is a distinct file or a distinct text, whatever number of rows name it. Two items of different modalities
/// are right for each other if a row has both; a file of one kind and a file of another also if they have a text in
/// common.
struct EvaluatedItems {
    /// Distinct files (as in the table, joined to its folder) or texts, in order of first appearance.
    private(set) var names: [Modality: [String]] = [:]
    /// The parts of recordings that the names of `audio` stand for; nil for all of one.
    private(set) var segments: [AudioSegment?] = []
    /// Each row's place in `names`, nil where it has nothing of the modality or that could not be read.
    private(set) var places: [Modality: [Int?]] = [:]
    let rows: [Row]

    init(_ rows: [Row], of table: SampleTable, _ modalities: [Modality]) {
        self.rows = rows
        for modality in modalities {
            var seen: [String: Int] = [:], names: [String] = []
            places[modality] = rows.map { row in
                guard let part = table.part(modality, of: row) else { return nil }
                if let place = seen[part] { return place }
                seen[part] = names.count
                names.append(modality == .text ? part : table.path(modality, of: row) ?? part)
                if modality == .audio { segments.append(table.segment(of: row)) }
                return names.count - 1
            }
            self.names[modality] = names
        }
    }

    /// The segments of a modality's files.
    func segments(of modality: Modality) -> [AudioSegment?]? { modality == .audio ? segments : nil }

    /// Keeps those items of a modality that could be read.
    mutating func keep(_ readable: [Int], of modality: Modality) {
        keep(only: readable, of: modality)
    }

    /// Takes out what only rows without a partner name: a row of two modalities whose image cannot be read leaves its
    /// caption no candidate, unless another row has it.
    /// - Returns: the places, before, of the items that stay.
    mutating func dropPartless() -> [Modality: [Int]] {
        var result: [Modality: [Int]] = [:]
        let modalities = Array(places.keys)
        let isAlive = rows.indices.map { row in modalities.count { places[$0]?[row] != nil } > 1 }
        for modality in modalities {
            let used = Set(rows.indices.compactMap { isAlive[$0] ? places[modality]?[$0] : nil })
            result[modality] = used.sorted()
            keep(only: used.sorted(), of: modality)
        }
        return result
    }

    private mutating func keep(only kept: [Int], of modality: Modality) {
        guard let before = names[modality], kept.count < before.count else { return }
        let new = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        names[modality] = kept.map { before[$0] }
        if modality == .audio { segments = kept.map { segments[$0] } }
        places[modality] = places[modality]?.map { place in place.flatMap { new[$0] } }
    }

    /// For each item of one modality the items of another that are right, ascending.
    func answers(from queries: Modality, to candidates: Modality) -> [[Int]] {
        var result = linked(from: queries, to: candidates)
        guard queries != .text, candidates != .text, places[.text] != nil else { return result }
        let texts = linked(from: queries, to: .text), ofText = linked(from: .text, to: candidates)
        for query in result.indices {
            switch texts[query].count {
            case 0: continue
            case 1
            where ofText[texts[query][0]].count >= result[query].count
                && result[query].allSatisfy(ofText[texts[query][0]].contains):
                result[query] = ofText[texts[query][0]]  // shared by all queries of that text
            default: result[query] = Set(texts[query].flatMap { ofText[$0] } + result[query]).sorted()
            }
        }
        return result
    }

    /// For each item of one modality those of another that a row has beside it, ascending.
    private func linked(from first: Modality, to second: Modality) -> [[Int]] {
        guard let a = places[first], let b = places[second] else { return [] }
        var result = [Set<Int>](repeating: [], count: names[first]?.count ?? 0)
        for (place, other) in zip(a, b) {
            if let place, let other { result[place].insert(other) }
        }
        return result.map { $0.sorted() }
    }

    /// Distinct items of a modality with one value each in a column, in the recipe's words.
    func labeled(_ modality: Modality, _ label: String, in table: SampleTable) -> (places: [Int], values: [String]) {
        var seen: Set<[String]> = [], kept: [Int] = [], values: [String] = []
        for (row, place) in zip(rows, places[modality] ?? []) {
            guard let place else { continue }
            let value = table.value(label, of: row)
            guard seen.insert([String(place), value]).inserted else { continue }
            kept.append(place)
            values.append(value)
        }
        return (kept, values)
    }
}
