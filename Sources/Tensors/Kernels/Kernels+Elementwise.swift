import CKernels

/// Loops over elements on the thread pool. Their tensors are contiguous and of one size.
enum Elementwise {
    /// Elements worth a thread of its own: 256 KiB of float32.
    static let grain = 1 << 16

    /// Over single elements, in parallel.
    static func run(
        _ count: Int, grain: Int = Elementwise.grain, slots: Int, isBFloat16: Bool,
        _ body: (_ elements: Range<Int>, _ staging: Float32Staging) -> Void
    ) {
        Parallel.run(count, grain: grain) {
            Float32Staging.run($0, width: 1, slots: slots, isNeeded: isBFloat16, body)
        }
    }
}

// MARK: Functions of one number

extension Kernels {
    /// A function of one number with its derivative.
    enum Unary {
        case abs, square, sqrt, exp, log, log1p, tanh
        case relu, sigmoid, softplus, silu, gelu, geluTanh, geluQuick

        fileprivate typealias Function =
            @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) ->
            Void
        /// out, upstream, x or y, count.
        fileprivate typealias Pullback =
            @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Void

        fileprivate var function: Function {
            switch self {
            case .abs: concord_abs
            case .square: concord_square
            case .sqrt: concord_sqrt
            case .exp: concord_exp
            case .log: concord_log
            case .log1p: concord_log1p
            case .tanh: concord_tanh
            case .relu: concord_relu
            case .sigmoid: concord_sigmoid
            case .softplus: concord_softplus
            case .silu: concord_silu
            case .gelu: concord_gelu
            case .geluTanh: concord_gelu_tanh
            case .geluQuick: concord_gelu_quick
            }
        }

        /// Whether the derivative is computed from the output, not from the input.
        var needsOutput: Bool {
            switch self {
            case .sqrt, .exp, .tanh, .relu, .sigmoid: true
            case .abs, .square, .log, .log1p, .softplus, .silu, .gelu, .geluTanh, .geluQuick: false
            }
        }

        fileprivate var pullback: Pullback {
            switch self {
            case .abs: concord_abs_pullback_x
            case .square: concord_square_pullback_x
            case .sqrt: concord_sqrt_pullback_y
            case .exp: concord_exp_pullback_y
            case .log: concord_log_pullback_x
            case .log1p: concord_log1p_pullback_x
            case .tanh: concord_tanh_pullback_y
            case .relu: concord_relu_pullback_y
            case .sigmoid: concord_sigmoid_pullback_y
            case .softplus: concord_softplus_pullback_x
            case .silu: concord_silu_pullback_x
            case .gelu: concord_gelu_pullback_x
            case .geluTanh: concord_gelu_tanh_pullback_x
            case .geluQuick: concord_gelu_quick_pullback_x
            }
        }
    }

    /// - Returns: of the element type of `x`.
    static func unary(_ function: Unary, _ x: Tensor) -> Tensor {
        let kernel = function.function, output = Tensor(uninitialized: x.shape, x.elementType)
        let y = output.elementPointer, source = x.elementPointer
        Elementwise.run(output.count, slots: 2, isBFloat16: source.isBFloat16) { range, staging in
            kernel(staging.place(y, range, 0), staging.read(source, range, 1), range.count)
            staging.write(y, range, 0)
        }
        return output
    }

    /// The upstream gradient times the derivative.
    /// - Parameter value: the function's output where it `needsOutput`, else its input.
    /// - Returns: of the element type of `value`.
    static func unaryPullback(_ function: Unary, _ upstream: Tensor, at value: Tensor) -> Tensor {
        let kernel = function.pullback, output = Tensor(uninitialized: value.shape, value.elementType)
        let dx = output.elementPointer, dy = upstream.elementPointer, x = value.elementPointer
        Elementwise.run(output.count, slots: 3, isBFloat16: x.isBFloat16 || dy.isBFloat16) { range, staging in
            kernel(
                staging.place(dx, range, 0), staging.read(dy, range, 1), staging.read(x, range, 2), range.count)
            staging.write(dx, range, 0)
        }
        return output
    }

    /// `x^exponent`, float32.
    static func power(_ x: Tensor, _ exponent: Float) -> Tensor {
        let output = Tensor(uninitialized: x.shape), y = output.float32Pointer, x = x.float32Pointer
        Parallel.run(output.count, grain: Elementwise.grain / 16) {
            concord_power(y + $0.lowerBound, x + $0.lowerBound, exponent, $0.count)
        }
        return output
    }

    /// float32.
    static func clamp(_ x: Tensor, to range: ClosedRange<Float>) -> Tensor {
        let output = Tensor(uninitialized: x.shape), y = output.float32Pointer, x = x.float32Pointer
        let low = range.lowerBound, high = range.upperBound
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_clamp(y + $0.lowerBound, x + $0.lowerBound, low, high, $0.count)
        }
        return output
    }

    static func clampPullback(_ upstream: Tensor, at x: Tensor, to range: ClosedRange<Float>) -> Tensor {
        let output = Tensor(uninitialized: x.shape), low = range.lowerBound, high = range.upperBound
        let dx = output.float32Pointer, dy = upstream.float32Pointer, x = x.float32Pointer
        Parallel.run(output.count, grain: Elementwise.grain) {
            concord_clamp_pullback(
                dx + $0.lowerBound, dy + $0.lowerBound, x + $0.lowerBound, low, high, $0.count)
        }
        return output
    }
}

// MARK: In place

extension Kernels {
    /// `sum += addend`, of equal element types.
    static func accumulate(_ addend: Tensor, into sum: Tensor) {
        if sum.elementType == .bfloat16 {
            let to = sum.bfloat16Pointer, from = addend.bfloat16Pointer
            Parallel.run(sum.count, grain: Elementwise.grain) {
                concord_accumulate_bfloat16(to + $0.lowerBound, from + $0.lowerBound, $0.count)
            }
        } else {
            let to = sum.float32Pointer, from = addend.float32Pointer
            Parallel.run(sum.count, grain: Elementwise.grain) {
                concord_accumulate(to + $0.lowerBound, from + $0.lowerBound, $0.count)
            }
        }
    }

    /// `to += from`.
    static func accumulate(_ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, count: Int) {
        concord_accumulate(to, from, count)
    }

    /// In place: rows of `width` numbers, `stride` apart, times `factor`.
    static func scaleRows(
        _ x: UnsafeMutablePointer<Float>, stride: Int, by factor: Float, rows: Int, width: Int
    ) {
        concord_scale_rows(x, stride, factor, rows, width)
    }

    /// In place, on this thread.
    static func clamp(_ x: UnsafeMutablePointer<Float>, to range: ClosedRange<Float>, count: Int) {
        concord_clamp(x, x, range.lowerBound, range.upperBound, count)
    }

    /// In place, on this thread.
    static func log(_ x: UnsafeMutablePointer<Float>, count: Int) { concord_log(x, x, count) }

    /// In place, on this thread.
    static func sqrt(_ x: UnsafeMutablePointer<Float>, count: Int) { concord_sqrt(x, x, count) }

    /// In place, on this thread.
    static func power(_ x: UnsafeMutablePointer<Float>, _ exponent: Float, count: Int) {
        concord_power(x, x, exponent, count)
    }

    /// In place, on this thread.
    static func scale(_ x: UnsafeMutablePointer<Float>, by factor: Float, count: Int) {
        concord_scale(x, x, factor, count)
    }

    /// `out = a^2 + b^2`; `out` may be `a`.
    static func squaredMagnitudes(
        _ out: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int
    ) {
        concord_squared_magnitudes(out, a, b, count)
    }
}

// MARK: Fused

extension Kernels {
    /// `gelu(x + bias)` with the exact GELU, of the element type of `x`.
    /// - Parameter bias: `[C]`, float32; x: `[..., C]`.
    static func biasedGELU(_ x: Tensor, _ bias: Tensor) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType), width = bias.count
        let source = x.elementPointer, b = bias.float32Pointer, y = output.elementPointer
        Parallel.run(Rows.count(of: x), grain: Rows.grain(width)) { range in
            let at = range.lowerBound * width
            if source.isBFloat16 {
                concord_biased_gelu_bfloat16(y.bfloat16 + at, source.bfloat16 + at, b, range.count, width)
            } else {
                concord_biased_gelu(y.float32 + at, source.float32 + at, b, range.count, width)
            }
        }
        return output
    }

    /// - Parameter dx: gets the gradient of x, of its element type; may be `upstream`.
    /// - Returns: the gradient of the bias, float32.
    static func biasedGELUPullback(_ x: Tensor, _ bias: Tensor, _ upstream: Tensor, into dx: Tensor) -> Tensor {
        let width = bias.count
        let source = x.elementPointer, b = bias.float32Pointer, dy = upstream.elementPointer, to = dx.elementPointer
        let sums = Rows.summing(Rows.count(of: x), width: width, sums: 1) { range, sum in
            let at = range.lowerBound * width
            if source.isBFloat16 {
                concord_biased_gelu_pullback_bfloat16(
                    to.bfloat16 + at, sum, dy.bfloat16 + at, source.bfloat16 + at, b, range.count, width)
            } else {
                concord_biased_gelu_pullback(
                    to.float32 + at, sum, dy.float32 + at, source.float32 + at, b, range.count, width)
            }
        }
        return sums[0]
    }
}

// MARK: Dropout

extension DropoutMask {
    var kernelForm: concord_dropout_mask { concord_dropout_mask(key: key, threshold: threshold, factor: factor) }
}

extension Kernels {
    /// `x` with elements dropped, of its element type.
    /// - Parameter origin: the place of the first element in the whole.
    static func dropout(_ x: Tensor, _ mask: DropoutMask, from origin: Int) -> Tensor {
        let output = Tensor(uninitialized: x.shape, x.elementType), mask = mask.kernelForm
        let source = x.elementPointer, y = output.elementPointer
        Elementwise.run(x.count, grain: 1 << 15, slots: 2, isBFloat16: source.isBFloat16) { range, staging in
            concord_dropout(
                staging.place(y, range, 0), staging.read(source, range, 1), mask,
                UInt64(origin + range.lowerBound), range.count)
            staging.write(y, range, 0)
        }
        return output
    }
}
