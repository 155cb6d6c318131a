import CKernels

/// Loops over elements on the thread pool. Their tensors are contiguous and of one size.
enum Elementwise {
    /// Elements worth a thread of its own: 256 KiB of float32.
    static let grain = 1 << 16

    /// out, x, count.
    typealias Unary = @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void
    /// out, upstream, x, count.
    typealias Pullback = @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

    /// `sum += addend`, in place.
    static func accumulate(_ addend: Tensor, into sum: Tensor) {
        let to = sum.floats, from = addend.floats
        Parallel.run(sum.count, grain: grain) { concord_accumulate(to + $0.lowerBound, from + $0.lowerBound, $0.count) }
    }

    static func map(_ x: Tensor, _ kernel: Unary) -> Tensor {
        let output = Tensor(uninitialized: x.shape)
        let o = output.floats, p = x.floats
        Parallel.run(output.count, grain: grain) { kernel(o + $0.lowerBound, p + $0.lowerBound, $0.count) }
        return output
    }

    /// - Parameter x: the operation's input or output, whichever its derivative is made of.
    static func pull(_ upstream: Tensor, through x: Tensor, _ kernel: Pullback) -> Tensor {
        let output = Tensor(uninitialized: x.shape)
        let o = output.floats, g = upstream.floats, p = x.floats
        Parallel.run(output.count, grain: grain) { kernel(o + $0.lowerBound, g + $0.lowerBound, p + $0.lowerBound, $0.count) }
        return output
    }
}
