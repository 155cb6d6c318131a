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
        let runs = max(1, min(32, rows / 16))
        let partial = Tensor(zeros: [runs, sums, width])
        let p = partial.float32Pointer
        Parallel.run(runs, grain: max(1, grain(width) * runs / max(1, rows))) { range in
            for run in range { body(rows * run / runs..<rows * (run + 1) / runs, p + run * sums * width) }
        }
        return (0..<sums).map { sum in
            let total = Tensor(zeros: [width])
            for run in 0..<runs { concord_accumulate(total.float32Pointer, p + (run * sums + sum) * width, width) }
            return total
        }
    }

    /// The sum over all rows, `[C]`, float32.
    static func sum(_ x: Tensor) -> Tensor {
        let width = x.shape.last ?? 1, source = x.elementPointer
        return summing(count(of: x), width: width, sums: 1) { range, to in
            Float32Staging.run(range, width: width, slots: 1, isNeeded: source.isBFloat16) { range, staging in
                concord_add_columns(to, staging.read(source, range, 0), range.count, width)
            }
        }[0]
    }
}

extension Kernels {
    /// Sets every row to `values`, `width` of them.
    static func fillRows(
        _ to: UnsafeMutablePointer<Float>, with values: UnsafePointer<Float>, rows: Int, width: Int
    ) {
        concord_fill_rows(to, values, rows, width)
    }

    /// The sum in double precision.
    static func sum(_ x: UnsafePointer<Float>, count: Int) -> Double { concord_sum(x, count) }

    /// The sum of squares in double precision.
    static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double { concord_sum_of_squares(x, count) }
}
