/// When a run writes checkpoints, where, and which it keeps.
///
/// ```swift
/// Checkpoints(in: "run/checkpoints", every: 500, keep: 2, best: "retrieval.image_to_text.r1")
/// ```
public struct Checkpoints: Sendable {
    /// The folder.
    public let directory: CheckpointDirectory
    /// Steps between two; one more is written at the end, at a signal, and when the evaluation is the best so far.
    public let interval: Int
    /// How many of the last stay; the best stays besides.
    public let kept: Int
    /// The metric of the evaluation that says which checkpoint is the best; the evaluation knows whether that is the
    /// highest or the lowest value. Nil: none is marked.
    public let best: String?
    /// What else to say in the files' headers. The trainer's own keys take precedence.
    public let metadata: [String: String]

    /// - Parameters:
    ///   - every: at least 1.
    ///   - keep: at least 1.
    public init(
        in directory: String, every: Int, keep: Int = 2, best: String? = nil, metadata: [String: String] = [:]
    ) {
        self.directory = CheckpointDirectory(directory)
        interval = max(1, every)
        kept = max(1, keep)
        self.best = best
        self.metadata = metadata
    }
}
