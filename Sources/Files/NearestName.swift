/// The name that a mistyped one was probably meant to be, for error messages.
package enum NearestName {
    /// Of `candidates` the one fewest edits away, nil where that is more than a third of the name's length plus one.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        let scored = candidates.map { (distance: distance(name, $0), name: $0) }
        guard let best = scored.min(by: { $0.distance < $1.distance }), best.distance <= name.count / 3 + 1 else {
            return nil
        }
        return best.name
    }

    /// ` (did you mean "x"?)`, or nothing.
    package static func hint(for name: String, among candidates: some Sequence<String>) -> String {
        of(name, among: candidates).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// Edits of one character (insert, delete, replace) between two names; case does not count.
    private static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.lowercased()), b = Array(b.lowercased())
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let replaced = diagonal + (x == y ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
