import ConcordFiles

/// The scalars of one optimizer step for one parameter.
package enum OptimizerStep: Sendable {
    case adamW(AdamWStep), sgd(SGDStep), lion(LionStep)
}

/// AdamW's scalars: see `Kernels.adamW`.
package struct AdamWStep: Sendable {
    let gradientScale, beta1Rest, beta2, beta2Rest, decay, stepSize, secondScale, epsilon: Float

    /// - Parameters:
    ///   - corrections: `1 - beta^t` of both betas at update t.
    ///   - gradientFactor: every gradient is multiplied by it.
    package init(
        learningRate: Double, betas: (Double, Double), corrections: (Double, Double), epsilon: Double,
        weightDecay: Double, gradientFactor: Double
    ) {
        gradientScale = Float(gradientFactor)
        beta1Rest = Float(1 - betas.0)
        beta2 = Float(betas.1)
        beta2Rest = Float(1 - betas.1)
        decay = Float(1 - learningRate * weightDecay)
        stepSize = Float(learningRate / corrections.0)
        secondScale = Float(1 / corrections.1.squareRoot())
        self.epsilon = Float(epsilon)
    }
}

/// SGD's scalars: see `Kernels.sgd`.
package struct SGDStep: Sendable {
    let gradientScale, weightDecay, momentum, rate: Float
    let isNesterov: Bool

    /// - Parameters:
    ///   - momentum: 0 uses no buffer.
    ///   - gradientFactor: every gradient is multiplied by it.
    package init(
        learningRate: Double, momentum: Double, isNesterov: Bool, weightDecay: Double, gradientFactor: Double
    ) {
        gradientScale = Float(gradientFactor)
        self.weightDecay = Float(weightDecay)
        self.momentum = Float(momentum)
        rate = Float(learningRate)
        self.isNesterov = isNesterov
    }
}

/// Lion's scalars: see `Kernels.lion`.
package struct LionStep: Sendable {
    let gradientScale, beta1, beta2, decay, rate: Float

    /// - Parameter gradientFactor: every gradient is multiplied by it.
    package init(learningRate: Double, betas: (Double, Double), weightDecay: Double, gradientFactor: Double) {
        gradientScale = Float(gradientFactor)
        beta1 = Float(betas.0)
        beta2 = Float(betas.1)
        decay = Float(1 - learningRate * weightDecay)
        rate = Float(learningRate)
    }
}

/// One pass over the memory of many parameters, divided among the threads as if they were one long vector.
package struct FusedUpdate {
    /// Runs a body with write access to a parameter's elements, under its lock.
    package typealias Access = (_ body: (UnsafeMutablePointer<Float>) -> Void) -> Void

    private struct Part {
        let access: Access
        let step: OptimizerStep
        let moments: [UnsafeMutablePointer<Float>]
        let gradient: Tensor
        /// For a table of which few rows have a gradient: width of a row, and the place of each row among `gradient`'s,
        /// -1 without one.
        let rows: (width: Int, places: [Int32])?
    }

    private var parts: [Part] = []
    /// Where each part starts in the one range of all elements, and where the last ends.
    private var starts = [0]

    package init() {}

    /// - Parameters:
    ///   - count: elements of the parameter; access: to them.
    ///   - moments: the optimizer's tensors for it, which must outlive `run`.
    package mutating func append(
        count: Int, gradient: Cotangent, moments: inout [Tensor], step: OptimizerStep, access: @escaping Access
    ) {
        var pointers: [UnsafeMutablePointer<Float>] = []
        for j in moments.indices { moments[j].update { pointers.append($0) } }
        switch gradient {
        case .dense(let tensor):
            parts.append(Part(access: access, step: step, moments: pointers, gradient: tensor, rows: nil))
        case .rows(let rows):
            let (indices, values) = rows.coalesced.contributions[0]
            var places = [Int32](repeating: -1, count: rows.shape[0])
            for (place, row) in indices.integerScalars.enumerated() { places[Int(row)] = Int32(place) }
            parts.append(
                Part(
                    access: access, step: step, moments: pointers, gradient: values,
                    rows: (rows.shape[1], places)))
        }
        starts.append(starts[starts.count - 1] + count)
    }

    /// Updates every element once, on several threads.
    package func run() {
        exclusively(from: 0, []) { pointers in
            Parallel.run(starts[starts.count - 1], grain: 1 << 15) { range in
                var part = starts.partitioningIndex { $0 > range.lowerBound } - 1
                var first = range.lowerBound
                while first < range.upperBound {
                    let last = min(range.upperBound, starts[part + 1])
                    update(parts[part], pointers[part], first - starts[part]..<last - starts[part])
                    part += 1
                    first = last
                }
            }
        }
    }

    /// Holds all parameters' locks at once, so that another thread reads the values from before the step or from after
    /// it.
    private func exclusively(
        from part: Int, _ pointers: [UnsafeMutablePointer<Float>], _ body: ([UnsafeMutablePointer<Float>]) -> Void
    ) {
        guard part < parts.count else { return body(pointers) }
        parts[part].access { exclusively(from: part + 1, pointers + [$0], body) }
    }

    private func update(_ part: Part, _ parameter: UnsafeMutablePointer<Float>, _ range: Range<Int>) {
        let gradient = part.gradient.float32Pointer
        guard let (width, places) = part.rows else {
            return update(part, parameter, range, gradient + range.lowerBound)
        }
        var at = range.lowerBound
        while at < range.upperBound {
            let row = at / width, end = min(range.upperBound, (row + 1) * width)
            let place = Int(places[row])
            update(part, parameter, at..<end, place < 0 ? nil : gradient + place * width + (at - row * width))
            at = end
        }
    }

    /// - Parameter gradient: of the range's first element; nil: zeros.
    private func update(
        _ part: Part, _ parameter: UnsafeMutablePointer<Float>, _ range: Range<Int>, _ gradient: UnsafePointer<Float>?
    ) {
        let at = range.lowerBound
        let first = part.moments.first.map { $0 + at }, second = part.moments.dropFirst().first.map { $0 + at }
        switch part.step {
        case .adamW(let step): Kernels.adamW(parameter + at, first, second, gradient, count: range.count, step)
        case .sgd(let step): Kernels.sgd(parameter + at, first, gradient, count: range.count, step)
        case .lion(let step): Kernels.lion(parameter + at, first, gradient, count: range.count, step)
        }
    }
}
