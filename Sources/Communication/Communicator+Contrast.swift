import ConcordTensors

/// Ranks divide the rows of a contrast of gathered embeddings among them.
extension Communicator: ContrastRanks {
    /// The ranks that all compute the values of the computation on this thread, so that it may leave a part of its work
    /// to others; ``single`` inside of a rank's own part.
    package static var replicating: Communicator { (Context.current.communicator as? Communicator) ?? single }
}
