/// Writing past the caches.
///
/// What is larger than the caches would be read from memory line by line only to be overwritten, and would drive out
/// everything else. Written past them, a pass that makes 128 MB takes three to four fifths of the time (two cores of a
/// Xeon, Sapphire Rapids).
enum Streaming {
    private static let limit = 32 << 20

    /// Whether rows of so many channels of a new tensor are better written so; what is smaller may still be there when
    /// it is read.
    static func suits(_ output: Tensor, channels: Int) -> Bool {
        output.elementType == .float32 && output.storage.bytes > limit && channels.isMultiple(of: 16)
    }

    /// The same of a matrix of `stride` numbers between rows.
    static func suits(_ matrix: UnsafePointer<Float>, rows: Int, width: Int, stride: Int) -> Bool {
        4 * rows * width > limit && width.isMultiple(of: 16) && stride.isMultiple(of: 16)
            && UInt(bitPattern: matrix).isMultiple(of: 64)
    }
}
