import CKernels

/// Loops over elements on the thread pool.
enum Elementwise {
    /// Elements worth a thread of its own: 256 KiB of float32.
    static let grain = 1 << 16

    /// `sum += addend`, in place.
    static func accumulate(_ addend: Tensor, into sum: Tensor) {
        let to = sum.floats, from = addend.floats
        Parallel.run(sum.count, grain: grain) { concord_accumulate(to + $0.lowerBound, from + $0.lowerBound, $0.count) }
    }
}

extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        ShapeCheck.same(a, b, in: "+")
        let output = Tensor(uninitialized: a.shape)
        let o = output.floats, x = a.floats, y = b.floats
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_add(o + $0.lowerBound, x + $0.lowerBound, y + $0.lowerBound, $0.count)
        }
        return output.recorded(from: a, b) { upstream, _ in [upstream, upstream] }
    }

    public static func * (a: Tensor, factor: Float) -> Tensor {
        let output = Tensor(uninitialized: a.shape)
        let o = output.floats, x = a.floats
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_scale(o + $0.lowerBound, x + $0.lowerBound, factor, $0.count)
        }
        return output.recorded(from: a) { upstream, _ in [upstream * factor] }
    }
}
