/// A file or sample that is left out, and why.
public struct Rejected: Sendable, Equatable {
    /// A file's path, or a sample's name.
    public let name: String
    /// In one line, without the name, with how to fix it where that is known.
    public let reason: String

    public init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
}
