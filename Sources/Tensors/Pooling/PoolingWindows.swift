/// The windows of a pooling along one axis: which inputs each output covers, and which outputs cover each input.
struct PoolingWindows: Sendable {
    let inputs, outputs: Int
    /// Bounds of inputs for each output, then bounds of outputs for each input (int32), and what one input
    /// weighs in each output's mean (float32).
    let bounds, weights: Tensor

    /// A kernel that slides; outputs that would reach over the far edge are left out.
    /// - Parameter countsPadding: an average divides by the whole kernel even where that is partly in the padding.
    init(inputs: Int, kernel: Int, stride: Int, padding: Int, countsPadding: Bool, in operation: String) {
        ShapeCheck.require(
            kernel > 0 && stride > 0 && padding >= 0 && 2 * padding <= kernel, operation,
            "kernel \(kernel), stride \(stride), padding \(padding): the padding is at most half of the kernel")
        ShapeCheck.require(
            inputs + 2 * padding >= kernel, operation,
            "\(inputs) elements padded by \(padding) are fewer than the kernel's \(kernel)")
        let windows = (0...(inputs + 2 * padding - kernel) / stride).map { output in
            max(0, output * stride - padding)..<min(inputs, output * stride - padding + kernel)
        }
        self.init(
            inputs: inputs, windows: windows, weights: windows.map { 1 / Float(countsPadding ? kernel : $0.count) })
    }

    /// As many windows of nearly equal size as there are `outputs`, which may overlap: PyTorch's adaptive bins.
    init(inputs: Int, outputs: Int, in operation: String) {
        ShapeCheck.require(inputs > 0 && outputs > 0, operation, "\(inputs) elements into \(outputs)")
        let windows = (0..<outputs).map { ($0 * inputs / outputs)..<((($0 + 1) * inputs + outputs - 1) / outputs) }
        self.init(inputs: inputs, windows: windows, weights: windows.map { 1 / Float($0.count) })
    }

    private init(inputs: Int, windows: [Range<Int>], weights: [Float]) {
        self.inputs = inputs
        outputs = windows.count
        var first = [Int32](repeating: 0, count: inputs), last = first
        for (output, window) in windows.enumerated() {
            for input in window {
                if last[input] == 0 { first[input] = Int32(output) }
                last[input] = Int32(output + 1)
            }
        }
        bounds = Tensor(
            windows.map { Int32($0.lowerBound) } + windows.map { Int32($0.upperBound) } + first + last,
            shape: [2 * (outputs + inputs)])
        self.weights = Tensor(weights, shape: [outputs])
    }
}
