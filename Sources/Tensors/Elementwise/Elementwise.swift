import CKernels

/// Loops over elements on the thread pool. Their tensors are contiguous and of one size.
enum Elementwise {
    /// Elements worth a thread of its own: 256 KiB of float32.
    static let grain = 1 << 16

    /// out, x, count.
    typealias Unary = @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void
    /// out, upstream, x, count.
    typealias Pullback =
        @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

    /// `sum += addend`, in place.
    static func accumulate(_ addend: Tensor, into sum: Tensor) {
        if sum.elementType == .bfloat16 {
            let to = sum.bfloat16Pointer, from = addend.bfloat16Pointer
            Parallel.run(sum.count, grain: grain) {
                concord_accumulate_bfloat16(to + $0.lowerBound, from + $0.lowerBound, $0.count)
            }
        } else {
            let to = sum.float32Pointer, from = addend.float32Pointer
            Parallel.run(sum.count, grain: grain) {
                concord_accumulate(to + $0.lowerBound, from + $0.lowerBound, $0.count)
            }
        }
    }

    /// Over single elements, in parallel.
    static func run(
        _ count: Int, grain: Int = Elementwise.grain, slots: Int, isBFloat16: Bool,
        _ body: (_ elements: Range<Int>, _ staging: Float32Staging) -> Void
    ) {
        Parallel.run(count, grain: grain) { Float32Staging.run($0, width: 1, slots: slots, isNeeded: isBFloat16, body) }
    }

    /// - Returns: of the element type of `x`.
    static func map(_ x: Tensor, _ kernel: Unary) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType)
        let o = output.elementPointer, p = x.elementPointer
        run(output.count, slots: 2, isBFloat16: p.isBFloat16) { range, staging in
            kernel(staging.place(o, range, 0), staging.read(p, range, 1), range.count)
            staging.write(o, range, 0)
        }
        return output
    }

    /// - Parameter x: the operation's input or output, whichever its derivative is made of.
    /// - Returns: of the element type of `x`.
    static func pull(_ upstream: Tensor, through x: Tensor, _ kernel: Pullback) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType)
        let o = output.elementPointer, g = upstream.elementPointer, p = x.elementPointer
        run(output.count, slots: 3, isBFloat16: p.isBFloat16 || g.isBFloat16) { range, staging in
            kernel(staging.place(o, range, 0), staging.read(g, range, 1), staging.read(p, range, 2), range.count)
            staging.write(o, range, 0)
        }
        return output
    }
}
