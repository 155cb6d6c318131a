extension Recipe {
    /// Going on under another recipe would not repeat the run; only how it is loaded, logged and saved may differ.
    /// - Throws: `RecipeError.invalid` with the first line that differs.
    func requireSame(as saved: Recipe) throws {
        let now = lasting, before = saved.lasting
        guard now != before else { return }
        throw RecipeError.invalid(
            source: "--resume", line: nil, key: "", message: "\(Self.difference(before, now)); set it back, or train into another --out")
    }

    /// The first line that differs, in words.
    private static func difference(_ before: [String], _ now: [String]) -> String {
        switch (before.first { !now.contains($0) }, now.first { !before.contains($0) }) {
        case (let gone?, nil): return "the run was started with \"\(gone.trimmed)\", the recipe has it no longer"
        case (nil, let new?): return "the run was started without \"\(new.trimmed)\""
        default:
            let place = zip(before, now).first { $0 != $1 } ?? (before.last ?? "", now.last ?? "")
            return "the run was started with \"\(place.0.trimmed)\", the recipe now says \"\(place.1.trimmed)\""
        }
    }

    /// The resolved lines that decide the weights.
    private var lasting: [String] {
        var isKept = true
        return yaml.split(separator: "\n").map(String.init).filter { line in
            if !line.hasPrefix(" ") { isKept = !["loader:", "checkpoint:", "evaluate:"].contains(where: line.hasPrefix) }
            return isKept
        }
    }
}

extension String {
    fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
