import Concord

extension TextLines {
    /// The lines of text files, `-` being standard input, with a note on standard error of what is left out or damaged.
    static func all(in paths: [String]) throws -> [String] {
        var texts: [String] = []
        for path in paths {
            let lines = try TextLines(path == "-" ? "/dev/stdin" : path)
            if lines.blankCount > 0 {
                warn("\(path): \(lines.blankCount) blank line\(lines.blankCount == 1 ? "" : "s") left out")
            }
            if let first = lines.repairedLines.first {
                warn("\(path):\(first): not UTF-8; \(lines.repairedCount) lines have U+FFFD in place of what is broken")
            }
            texts += lines
        }
        return texts
    }
}
