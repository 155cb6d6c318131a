import ConcordFiles
import ConcordLayers

/// A pattern for parameter paths: `*` matches any characters, dots included, `?` matches one, every other character
/// itself.
public struct PathPattern: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The pattern itself.
    public let description: String

    /// - Parameter pattern: with `*` and `?`.
    public init(_ pattern: String) { description = pattern }
    public init(stringLiteral pattern: String) { description = pattern }

    /// Whether the pattern matches the whole path.
    public func matches(_ path: String) -> Bool {
        let pattern = Array(description.utf8), path = Array(path.utf8)
        var (p, i) = (0, 0)
        var star: (pattern: Int, path: Int)?
        while i < path.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (p, i)
                p += 1
            } else if p < pattern.count, pattern[p] == UInt8(ascii: "?") || pattern[p] == path[i] {
                (p, i) = (p + 1, i + 1)
            } else if let last = star {
                star = (last.pattern, last.path + 1)
                (p, i) = (last.pattern + 1, last.path + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

extension TrainingError {
    /// The error for a pattern that matches none of `paths`, with the nearest prefix of one.
    static func noMatch(_ pattern: PathPattern, purpose: String, paths: [String]) -> TrainingError {
        let words = pattern.description.split(separator: "*").joined(separator: "*")
        let stem = words.hasSuffix(".") ? String(words.dropLast()) : words
        let candidates = paths.flatMap { path in
            path.indices.filter { path[$0] == "." }.map { String(path[..<$0]) } + [path]
        }
        return .noMatch(
            pattern: pattern.description, purpose: purpose, nearest: NearestName.of(stem, among: candidates))
    }
}
