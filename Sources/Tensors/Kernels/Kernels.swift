/// The computations under the operations, and the only code that calls the C kernels.
///
/// An operation (`Tensor.relu`, `Tensor.attention`) checks shapes, calls functions of this type and records a pullback
/// that calls others. Functions over tensors run on the thread pool and return new tensors, none of them recorded.
/// Functions over pointers run on the calling thread, inside of somebody's parallel loop; what they write does not
/// overlap what they read unless they say so. None checks what an operation has checked.
///
/// This is where another device would be attached: what is above knows tensors alone.
enum Kernels {}

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
