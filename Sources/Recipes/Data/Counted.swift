/// Counts in sentences: `1 step`, `2 steps`.
enum Counted {
    /// - Parameter plural: where it is not the noun with an s.
    static func text(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }
}
