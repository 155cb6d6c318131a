import CKernels

extension Kernels {
    /// One step of AdamW for `count` elements: parameter, both moments and gradient are read and written once.
    /// - Parameter gradient: nil: zeros.
    @inline(__always)
    static func adamW(
        _ parameter: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>?,
        _ second: UnsafeMutablePointer<Float>?, _ gradient: UnsafePointer<Float>?, count: Int, _ step: AdamWStep
    ) {
        concord_adamw(
            parameter, first, second, gradient, count,
            concord_adamw_step(
                gradient_scale: step.gradientScale, beta1_rest: step.beta1Rest, beta2: step.beta2,
                beta2_rest: step.beta2Rest, decay: step.decay, step_size: step.stepSize,
                second_scale: step.secondScale, epsilon: step.epsilon))
    }

    /// One step of SGD for `count` elements.
    /// - Parameters:
    ///   - momentum: nil: without momentum.
    ///   - gradient: nil: zeros.
    @inline(__always)
    static func sgd(
        _ parameter: UnsafeMutablePointer<Float>, _ momentum: UnsafeMutablePointer<Float>?,
        _ gradient: UnsafePointer<Float>?, count: Int, _ step: SGDStep
    ) {
        concord_sgd(
            parameter, momentum, gradient, count,
            concord_sgd_step(
                gradient_scale: step.gradientScale, weight_decay: step.weightDecay, momentum: step.momentum,
                rate: step.rate, is_nesterov: step.isNesterov))
    }

    /// One step of Lion for `count` elements.
    /// - Parameter gradient: nil: zeros.
    @inline(__always)
    static func lion(
        _ parameter: UnsafeMutablePointer<Float>, _ moment: UnsafeMutablePointer<Float>?,
        _ gradient: UnsafePointer<Float>?, count: Int, _ step: LionStep
    ) {
        concord_lion(
            parameter, moment, gradient, count,
            concord_lion_step(
                gradient_scale: step.gradientScale, beta1: step.beta1, beta2: step.beta2, decay: step.decay,
                rate: step.rate))
    }
}
