import CKernels

/// Arithmetic, element by element, in float32; sums of bfloat16 activations, and what is made of one and a number, are
/// bfloat16 again. Shapes broadcast by NumPy's rule: aligned at their last axes, where an axis of size one, or one that
/// is not there, repeats.
extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        let output = Broadcast.sum(concord_add, narrow: concord_add_bfloat16, a, b, in: "+")
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [needs[0] ? upstream.summed(to: shapes.0) : nil, needs[1] ? upstream.summed(to: shapes.1) : nil]
        }
    }

    public static func - (a: Tensor, b: Tensor) -> Tensor {
        let output = Broadcast.sum(concord_subtract, narrow: concord_subtract_bfloat16, a, b, in: "-")
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [needs[0] ? upstream.summed(to: shapes.0) : nil, needs[1] ? upstream.summed(to: shapes.1) * -1 : nil]
        }
    }

    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let output = Broadcast.apply(concord_multiply, a, b, in: "*")
        let x = b.isRecorded ? a.detached : nil, y = a.isRecorded ? b.detached : nil
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            [
                needs[0] ? y.map { (upstream * $0).summed(to: shapes.0) } : nil,
                needs[1] ? x.map { (upstream * $0).summed(to: shapes.1) } : nil,
            ]
        }
    }

    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let output = Broadcast.apply(concord_divide, a, b, in: "/")
        let divisor = b.detached, quotient = b.isRecorded ? output : nil
        return output.recorded(from: a, b) { [shapes = (a.shape, b.shape)] upstream, needs in
            let da = upstream / divisor
            return [
                needs[0] ? da.summed(to: shapes.0) : nil,
                needs[1] ? quotient.map { (da * $0).summed(to: shapes.1) * -1 } : nil,
            ]
        }
    }

    public static prefix func - (a: Tensor) -> Tensor { a * -1 }
}

extension Tensor {
    public static func + (a: Tensor, b: Float) -> Tensor {
        Broadcast.apply(concord_add, a, b).recorded(from: a) { upstream, _ in [upstream] }
    }

    public static func + (a: Float, b: Tensor) -> Tensor { b + a }

    public static func - (a: Tensor, b: Float) -> Tensor {
        Broadcast.apply(concord_subtract, a, b).recorded(from: a) { upstream, _ in [upstream] }
    }

    public static func - (a: Float, b: Tensor) -> Tensor {
        Broadcast.apply(concord_subtract, a, b).recorded(from: b) { upstream, _ in [upstream * -1] }
    }

    public static func * (a: Tensor, b: Float) -> Tensor {
        Broadcast.apply(concord_multiply, a, b).recorded(from: a) { upstream, _ in [upstream * b] }
    }

    public static func * (a: Float, b: Tensor) -> Tensor { b * a }

    public static func / (a: Tensor, b: Float) -> Tensor {
        Broadcast.apply(concord_divide, a, b).recorded(from: a) { upstream, _ in [upstream / b] }
    }

    public static func / (a: Float, b: Tensor) -> Tensor {
        let output = Broadcast.apply(concord_divide, a, b)
        let divisor = b.detached
        return output.recorded(from: b) { upstream, _ in [upstream * output / divisor * -1] }
    }
}
