/// Counts in sentences: `1 step`, `2 steps`.
enum Counted {
    static func text(_ count: Int, _ noun: String) -> String { "\(count) \(count == 1 ? noun : noun + "s")" }
}
