import CKernels

/// Functions of one number, element by element, in float32; `tanh` of bfloat16 stays bfloat16. Infinities and NaN go
/// through.
extension Tensor {
    /// `|x|`; its derivative at 0 is 0.
    public func abs() -> Tensor {
        let x = detached.asFloat32
        return Elementwise.map(x, concord_abs).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_abs_pullback_x)]
        }
    }

    /// `x * x`.
    public func squared() -> Tensor {
        let x = detached.asFloat32
        return Elementwise.map(x, concord_square).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_square_pullback_x)]
        }
    }

    /// `x^exponent`; NaN for negative numbers with an exponent that is not whole.
    public func pow(_ exponent: Float) -> Tensor {
        if exponent == 2 { return squared() }
        let x = detached.asFloat32
        return Elementwise.power(x, exponent).recorded(from: self) { upstream, _ in
            [exponent == 0 ? Tensor(zeros: x.shape) : upstream * Elementwise.power(x, exponent - 1) * exponent]
        }
    }

    /// The square root; NaN below 0. Its derivative at 0 is infinite.
    public func sqrt() -> Tensor {
        let y = Elementwise.map(asFloat32, concord_sqrt)
        return y.recorded(from: self) { upstream, _ in [Elementwise.pull(upstream, through: y, concord_sqrt_pullback_y)]
        }
    }

    /// `e^x`, within 2 ulp.
    public func exp() -> Tensor {
        let y = Elementwise.map(asFloat32, concord_exp)
        return y.recorded(from: self) { upstream, _ in [Elementwise.pull(upstream, through: y, concord_exp_pullback_y)]
        }
    }

    /// The natural logarithm, within 2 ulp; -infinity at 0, NaN below.
    public func log() -> Tensor {
        let x = detached.asFloat32
        return Elementwise.map(x, concord_log).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_log_pullback_x)]
        }
    }

    /// `ln(1 + x)`, within 3 ulp for small x too.
    public func log1p() -> Tensor {
        let x = detached.asFloat32
        return Elementwise.map(x, concord_log1p).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_log1p_pullback_x)]
        }
    }

    /// The hyperbolic tangent, within 2 ulp.
    public func tanh() -> Tensor {
        let y = Elementwise.map(self, concord_tanh)
        return y.recorded(from: self) { upstream, _ in [Elementwise.pull(upstream, through: y, concord_tanh_pullback_y)]
        }
    }
}

extension Elementwise {
    fileprivate static func power(_ x: Tensor, _ exponent: Float) -> Tensor {
        let output = Tensor(uninitialized: x.shape)
        let o = output.float32Pointer, p = x.float32Pointer
        Parallel.run(output.count, grain: grain / 16) {
            concord_power(o + $0.lowerBound, p + $0.lowerBound, exponent, $0.count)
        }
        return output
    }
}
