import ConcordDatasets

/// The distinct files, texts and ids of some rows: the queries and candidates of retrieval, and which are right for
/// each other.
///
/// An item is a distinct file, text or id, whatever number of rows name it. Two items of different inputs are
/// right for each other if a row has both; a file of one input and a file of another also if they have a text in
/// common.
struct EvaluatedItems {
    /// Distinct files (as in the table, joined to its folder), texts or ids, in order of first appearance.
    private(set) var names: [RecipeInput: [String]] = [:]
    /// The parts of recordings that the names of an input of audio or video are of; nil for all of one.
    private var segments: [RecipeInput: [MediaSegment?]] = [:]
    /// Each row's place in `names`, nil where it has nothing of the input or that could not be read.
    private(set) var places: [RecipeInput: [Int?]] = [:]
    let rows: [Row]

    init(_ rows: [Row], of table: SampleTable, _ inputs: [RecipeInput]) {
        self.rows = rows
        for input in inputs {
            var seen: [String: Int] = [:], names: [String] = [], segments: [MediaSegment?] = []
            places[input] = rows.map { row in
                guard let part = table.part(input, of: row) else { return nil }
                if let place = seen[part] { return place }
                seen[part] = names.count
                names.append(table.path(input, of: row) ?? part)
                segments.append(table.segment(input, of: row))
                return names.count - 1
            }
            self.names[input] = names
            if input.kind.hasSegments { self.segments[input] = segments }
        }
    }

    /// The segments of an input's files; nil where it is neither audio nor video.
    func segments(of input: RecipeInput) -> [MediaSegment?]? { segments[input] }

    /// Keeps those items of an input that could be read.
    mutating func keep(_ readable: [Int], of input: RecipeInput) {
        keep(only: readable, of: input)
    }

    /// Takes out what only rows without a partner name: a row of two inputs whose image cannot be read leaves its
    /// caption no candidate, unless another row has it.
    /// - Returns: the places, before, of the items that stay.
    mutating func dropPartless() -> [RecipeInput: [Int]] {
        var result: [RecipeInput: [Int]] = [:]
        let inputs = Array(places.keys)
        let isAlive = rows.indices.map { row in inputs.count { places[$0]?[row] != nil } > 1 }
        for input in inputs {
            let used = Set(rows.indices.compactMap { isAlive[$0] ? places[input]?[$0] : nil })
            result[input] = used.sorted()
            keep(only: used.sorted(), of: input)
        }
        return result
    }

    private mutating func keep(only kept: [Int], of input: RecipeInput) {
        guard let before = names[input], kept.count < before.count else { return }
        let new = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
        names[input] = kept.map { before[$0] }
        if let before = segments[input] { segments[input] = kept.map { before[$0] } }
        places[input] = places[input]?.map { place in place.flatMap { new[$0] } }
    }

    /// For each item of one input the items of another that are right, ascending.
    func answers(from queries: RecipeInput, to candidates: RecipeInput) -> [[Int]] {
        var result = linked(from: queries, to: candidates)
        let known = places.keys.filter { $0.kind == .text }.min { $0.name < $1.name }
        guard queries.kind.isFile, candidates.kind.isFile, let text = known else { return result }
        let texts = linked(from: queries, to: text), ofText = linked(from: text, to: candidates)
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

    /// For each item of one input those of another that a row has beside it, ascending.
    private func linked(from first: RecipeInput, to second: RecipeInput) -> [[Int]] {
        guard let a = places[first], let b = places[second] else { return [] }
        var result = [Set<Int>](repeating: [], count: names[first]?.count ?? 0)
        for (place, other) in zip(a, b) {
            if let place, let other { result[place].insert(other) }
        }
        return result.map { $0.sorted() }
    }

    /// The distinct pairs of items that some row has both of, in order of first appearance.
    func pairs(of first: RecipeInput, with second: RecipeInput) -> [(first: Int, second: Int)] {
        guard let a = places[first], let b = places[second] else { return [] }
        var seen: Set<[Int]> = [], result: [(first: Int, second: Int)] = []
        for (place, other) in zip(a, b) {
            guard let place, let other, seen.insert([place, other]).inserted else { continue }
            result.append((place, other))
        }
        return result
    }

    /// Distinct items of an input with one value each in a column, in the recipe's words; those without a value are left
    /// out.
    func labeled(_ input: RecipeInput, _ label: String, in table: SampleTable) -> (places: [Int], values: [String]) {
        var seen: Set<[String]> = [], kept: [Int] = [], values: [String] = []
        for (row, place) in zip(rows, places[input] ?? []) {
            guard let place else { continue }
            let value = table.value(label, of: row)
            guard !value.isBlank else { continue }
            guard seen.insert([String(place), value]).inserted else { continue }
            kept.append(place)
            values.append(value)
        }
        return (kept, values)
    }
}
