/// Functions of one number, element by element, in float32; `tanh` of bfloat16 stays bfloat16. Infinities and NaN
/// propagate.
extension Tensor {
    /// `|x|`; its derivative at 0 is 0.
    public func abs() -> Tensor { applyingInFloat32(.abs) }

    /// `x * x`.
    public func squared() -> Tensor { applyingInFloat32(.square) }

    /// `x^exponent`; NaN for negative numbers with an exponent that is not whole.
    public func pow(_ exponent: Float) -> Tensor {
        if exponent == 2 { return squared() }
        let x = detached.asFloat32
        return Kernels.power(x, exponent).recorded(from: self) { upstream, _ in
            [exponent == 0 ? Tensor(zeros: x.shape) : upstream * Kernels.power(x, exponent - 1) * exponent]
        }
    }

    /// The square root; NaN below 0. Its derivative at 0 is infinite.
    public func sqrt() -> Tensor { applyingInFloat32(.sqrt) }

    /// `e^x`, within 2 ulp.
    public func exp() -> Tensor { applyingInFloat32(.exp) }

    /// The natural logarithm, within 2 ulp; -infinity at 0, NaN below.
    public func log() -> Tensor { applyingInFloat32(.log) }

    /// `ln(1 + x)`, within 3 ulp for small x too.
    public func log1p() -> Tensor { applyingInFloat32(.log1p) }

    /// The hyperbolic tangent, within 2 ulp.
    public func tanh() -> Tensor { applying(.tanh) }

    private func applyingInFloat32(_ function: Kernels.Unary, name: StaticString = #function) -> Tensor {
        let x = detached.asFloat32, y = Kernels.unary(function, x)
        return y.recorded(from: self, name: name) { [value = function.needsOutput ? y : x] upstream, _ in
            [Kernels.unaryPullback(function, upstream, at: value)]
        }
    }
}
