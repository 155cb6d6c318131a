/// Arithmetic, element by element, in float32; sums of bfloat16 activations, and results of one tensor and a number,
/// are bfloat16 again. Shapes broadcast by NumPy's rule: aligned at their last axes, where an axis of size one, or one
/// that is missing, repeats.
extension Tensor {
    /// `a + b`; bfloat16 where every operand of the result's shape is.
    /// - Precondition: the shapes broadcast.
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        let output = Kernels.sum(a, b, in: "+")
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [needs[0] ? upstream.summed(to: shapes.0) : nil, needs[1] ? upstream.summed(to: shapes.1) : nil]
        }
    }

    /// `a - b`; bfloat16 where every operand of the result's shape is.
    /// - Precondition: the shapes broadcast.
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        let output = Kernels.difference(a, b, in: "-")
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [needs[0] ? upstream.summed(to: shapes.0) : nil, needs[1] ? upstream.summed(to: shapes.1) * -1 : nil]
        }
    }

    /// The elements' products, not the matrix product; float32.
    /// - Precondition: the shapes broadcast.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let output = Kernels.binary(.multiply, a, b, in: "*")
        let x = b.isRecorded ? a.detached : nil, y = a.isRecorded ? b.detached : nil
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [
                needs[0] ? y.map { (upstream * $0).summed(to: shapes.0) } : nil,
                needs[1] ? x.map { (upstream * $0).summed(to: shapes.1) } : nil,
            ]
        }
    }

    /// The elements' quotients, float32; division by zero gives infinity or NaN.
    /// - Precondition: the shapes broadcast.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let output = Kernels.binary(.divide, a, b, in: "/")
        let divisor = b.detached, quotient = b.isRecorded ? output : nil
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            let da = upstream / divisor
            return [
                needs[0] ? da.summed(to: shapes.0) : nil,
                needs[1] ? quotient.map { (da * $0).summed(to: shapes.1) * -1 } : nil,
            ]
        }
    }

    /// `-a`, of its element type.
    public static prefix func - (a: Tensor) -> Tensor { a * -1 }
}

/// With one number for either operand: of the tensor's shape and element type.
extension Tensor {
    /// `a + b` for every element of a.
    public static func + (a: Tensor, b: Float) -> Tensor {
        Kernels.binary(.add, a, b).recorded(from: a) { upstream, _ in [upstream] }
    }

    /// `a + b` for every element of b.
    public static func + (a: Float, b: Tensor) -> Tensor { b + a }

    /// `a - b` for every element of a.
    public static func - (a: Tensor, b: Float) -> Tensor {
        Kernels.binary(.subtract, a, b).recorded(from: a) { upstream, _ in [upstream] }
    }

    /// `a - b` for every element of b.
    public static func - (a: Float, b: Tensor) -> Tensor {
        Kernels.binary(.subtract, a, b).recorded(from: b) { upstream, _ in [upstream * -1] }
    }

    /// `a * b` for every element of a.
    public static func * (a: Tensor, b: Float) -> Tensor {
        Kernels.binary(.multiply, a, b).recorded(from: a) { upstream, _ in [upstream * b] }
    }

    /// `a * b` for every element of b.
    public static func * (a: Float, b: Tensor) -> Tensor { b * a }

    /// `a / b` for every element of a.
    public static func / (a: Tensor, b: Float) -> Tensor {
        Kernels.binary(.divide, a, b).recorded(from: a) { upstream, _ in [upstream / b] }
    }

    /// `a / b` for every element of b.
    public static func / (a: Float, b: Tensor) -> Tensor {
        let output = Kernels.binary(.divide, a, b)
        let divisor = b.detached
        return output.recorded(from: b) { upstream, _ in [upstream * output / divisor * -1] }
    }
}
