/// Writing past the caches.
///
/// What is larger than the caches would be read from memory line by line only to be overwritten, and would drive out everything else. Written
/// past them, a pass that makes 128 MB takes three to four fifths of the time (two cores of a Xeon, Sapphire Rapids).
enum Streaming {
    /// Whether rows of so many channels of a new tensor are better written so; what is smaller may still be there when it is read.
    static func suits(_ output: Tensor, channels: Int) -> Bool {
        output.elementType == .float32 && output.storage.bytes > 32 << 20 && channels.isMultiple(of: 16)
    }
}
