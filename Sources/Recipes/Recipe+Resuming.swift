extension Recipe {
    /// Going on under another recipe would not repeat the run; only how it is loaded, logged and saved may differ.
    /// - Throws: `RecipeError.invalid` with the first line that differs.
    func requireSame(as saved: Recipe) throws {
        let now = lasting, before = saved.lasting
        guard now != before else { return }
        let place = zip(now, before).first { $0 != $1 } ?? (now.last ?? "", before.last ?? "")
        throw RecipeError.invalid(
            source: "--resume", line: nil, key: "",
            message: "the run was started with \"\(place.1.trimmed)\", the recipe now says \"\(place.0.trimmed)\"; set it back, or train into another --out")
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
