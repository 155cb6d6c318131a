import CKernels

/// Loops over the rows of a tensor: everything before the last axis.
enum Rows {
    /// A run of rows worth a thread of its own.
    static func grain(_ width: Int) -> Int { max(1, 8192 / max(1, width)) }

    static func count(of x: Tensor) -> Int { (x.shape.last ?? 0) == 0 ? 0 : x.count / (x.shape.last ?? 1) }

    /// Runs `body` over blocks of rows, in parallel.
    static func run(
        _ rows: Int, width: Int, slots: Int, isBFloat16: Bool,
        _ body: (_ rows: Range<Int>, _ staging: Float32Staging) -> Void
    ) {
        Parallel.run(rows, grain: grain(width)) {
            Float32Staging.run($0, width: width, slots: slots, isNeeded: isBFloat16, body)
        }
    }

    /// Runs `body` over fixed runs of rows, each with `sums` zeroed vectors of its own, and adds these up in order.
    ///
    /// The runs do not depend on the number of threads, so neither do the sums.
    static func summing(
        _ rows: Int, width: Int, sums: Int, _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Tensor] {
        let pieces = max(1, min(32, rows / 16))
        let partial = Tensor(zeros: [pieces, sums, width])
        let p = partial.float32Pointer
        Parallel.run(pieces, grain: max(1, grain(width) * pieces / max(1, rows))) { range in
            for piece in range { body(rows * piece / pieces..<rows * (piece + 1) / pieces, p + piece * sums * width) }
        }
        return (0..<sums).map { sum in
            let total = Tensor(zeros: [width])
            for piece in 0..<pieces {
                concord_accumulate(total.float32Pointer, p + (piece * sums + sum) * width, width)
            }
            return total
        }
    }

    /// The sum over all rows, `[C]`.
    static func sum(_ x: Tensor) -> Tensor {
        let width = x.shape.last ?? 1, source = x.elementPointer
        return summing(count(of: x), width: width, sums: 1) { range, to in
            Float32Staging.run(range, width: width, slots: 1, isNeeded: source.isBFloat16) { range, staging in
                concord_add_columns(to, staging.read(source, range, 0), range.count, width)
            }
        }[0]
    }
}

extension Tensor {
    /// The same memory under another shape of as many elements, a constant.
    func viewed(as shape: [Int]) -> Tensor { Tensor(shape: shape, elementType: elementType, storage: storage) }
}
