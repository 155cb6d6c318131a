/// Which GELU.
public enum GELUForm: String, Sendable, CaseIterable {
    /// `x Phi(x)` with the normal distribution's Phi.
    case exact
    /// `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    case tanh
    /// `x sigmoid(1.702 x)`, as in OpenAI's CLIP.
    case quick
}

/// Activation functions, forward and backward in one pass over memory each; the result has this value's shape and
/// element type.
extension Tensor {
    /// `1 / (1 + e^-x)`, within 3 ulp.
    public func sigmoid() -> Tensor { applying(.sigmoid) }

    /// `ln(1 + e^x)`, within 3 ulp; never overflows.
    public func softplus() -> Tensor { applying(.softplus) }

    /// `max(x, 0)`; its derivative at 0 is 0.
    public func relu() -> Tensor { applying(.relu) }

    /// `x sigmoid(x)`.
    /// - Source: Elfwing, Uchibe, Doya 2017, arXiv:1702.03118, eq. 6.
    public func silu() -> Tensor { applying(.silu) }

    /// The Gaussian error linear unit; the absolute error is below 2e-7 of `max(1, |x|)`.
    /// - Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, section 2.
    public func gelu(_ form: GELUForm = .exact) -> Tensor {
        switch form {
        case .exact: applying(.gelu)
        case .tanh: applying(.geluTanh)
        case .quick: applying(.geluQuick)
        }
    }

    /// A function of each element, recorded with its derivative.
    func applying(_ function: Kernels.Unary, name: StaticString = #function) -> Tensor {
        let x = detached, y = Kernels.unary(function, x)
        return y.recorded(from: self, name: name) { [value = function.needsOutput ? y : x] upstream, _ in
            [Kernels.unaryPullback(function, upstream, at: value)]
        }
    }
}

extension Tensor {
    /// `gelu(x + bias)` with the exact GELU, in one pass over memory each way.
    ///
    /// - Parameter bias: `[C]`; `self` is `[..., C]`.
    /// - Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, eq. 2 (erf form).
    public func biasedGELU(_ bias: Tensor) -> Tensor {
        ShapeCheck.lastAxis(of: self, matches: bias, in: "biasedGELU")
        let input = detached, addend = bias.detached.asFloat32
        let make = { @Sendable () -> Tensor in Kernels.biasedGELU(input, addend) }
        let output = make()
        return output.recordedInPlace(fromGiven: [self, bias]) { upstream, needs in
            let dx = Tensor.overwriting(&upstream, shape: input.shape, input.elementType)
            let dbias = Kernels.biasedGELUPullback(input, addend, upstream, into: dx)  // [C]
            return [needs[0] ? dx : nil, needs[1] ? dbias : nil]
        }.rematerialized(as: SavedForBackward(output, by: make))
    }
}
