/// One key of a recipe: what it takes, what it is where the recipe does not give it, and what it means.
///
/// The decoder writes these down as it asks for keys (`Fields`), so that they cannot differ from what is decoded.
public struct RecipeKey: Sendable, Equatable, Codable {
    /// The type of a key's value.
    public enum Kind: String, Sendable, Codable {
        /// A single value.
        case integer, number, text
        /// True or false.
        case flag = "true or false"
        /// One of some names.
        case choice = "one of"
        /// A list of texts.
        case texts = "list of texts"
        /// A list of whole numbers.
        case integers = "list of integers"
        /// A list of numbers.
        case numbers = "list of numbers"
        /// Names, each with a text or with keys of its own.
        case names = "names and values"
        /// A mapping that turns something on by being there.
        case keys
    }

    /// The keys above it and its own, joined with dots: `optimizer.learning_rate`.
    public let path: String
    /// The type of its value.
    public let kind: Kind
    /// The default as text; nil where the key has none.
    public let defaultValue: String?
    /// What is allowed: `1 or more`, `0 to 1`; for a choice its values.
    public let range: String
    /// What it does, in a sentence.
    public let meaning: String
}

extension RecipeKey {
    /// `1 or more` or `1 to 256`.
    static func range(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    }

    static func range(_ range: ClosedRange<Double>) -> String {
        range.upperBound == .greatestFiniteMagnitude
            ? "\(short(range.lowerBound)) or more" : "\(short(range.lowerBound)) to \(short(range.upperBound))"
    }

    /// A number without a decimal point where it needs none.
    static func short(_ number: Double) -> String {
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
