import CKernels

/// Which GELU.
public enum GELUForm: String, Sendable, CaseIterable {
    /// `x Phi(x)` with the normal distribution's Phi.
    case exact
    /// `0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))`.
    case tanh
    /// `x sigmoid(1.702 x)`, as in OpenAI's CLIP.
    case quick
}

/// Activation functions, each way in one pass over memory.
extension Tensor {
    /// `1 / (1 + e^-x)`, within 3 ulp.
    public func sigmoid() -> Tensor {
        let y = Elementwise.map(self, concord_sigmoid)
        return y.recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: y, concord_sigmoid_pullback_y)]
        }
    }

    /// `ln(1 + e^x)`, within 3 ulp; never overflows.
    public func softplus() -> Tensor {
        let x = detached
        return Elementwise.map(x, concord_softplus).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_softplus_pullback_x)]
        }
    }

    /// `max(x, 0)`; its derivative at 0 is 0.
    public func relu() -> Tensor {
        let y = Elementwise.map(self, concord_relu)
        return y.recorded(from: self) { upstream, _ in [Elementwise.pull(upstream, through: y, concord_relu_pullback_y)]
        }
    }

    /// `x sigmoid(x)`.
    /// - Source: Elfwing, Uchibe, Doya 2017, arXiv:1702.03118, eq. 6.
    public func silu() -> Tensor {
        let x = detached
        return Elementwise.map(x, concord_silu).recorded(from: self) { upstream, _ in
            [Elementwise.pull(upstream, through: x, concord_silu_pullback_x)]
        }
    }

    /// The Gaussian error linear unit; the absolute error is below 2e-7 of `max(1, |x|)`.
    /// - Source: Hendrycks, Gimpel 2016, arXiv:1606.08415, section 2.
    public func gelu(_ form: GELUForm = .exact) -> Tensor {
        let x = detached
        switch form {
        case .exact:
            return Elementwise.map(x, concord_gelu).recorded(from: self) { upstream, _ in
                [Elementwise.pull(upstream, through: x, concord_gelu_pullback_x)]
            }
        case .tanh:
            return Elementwise.map(x, concord_gelu_tanh).recorded(from: self) { upstream, _ in
                [Elementwise.pull(upstream, through: x, concord_gelu_tanh_pullback_x)]
            }
        case .quick:
            return Elementwise.map(x, concord_gelu_quick).recorded(from: self) { upstream, _ in
                [Elementwise.pull(upstream, through: x, concord_gelu_quick_pullback_x)]
            }
        }
    }
}
