/// Floating-point operations of the matmuls and convolutions of a step, forward and backward; a multiply-add is
/// two.
///
/// Convolutions count as direct ones, whatever method computes them. Only what the loss needs is counted: no gradient
/// of the inputs' own, half of a causal attention's scores, nothing that is computed twice but InfoNCE's logits, which
/// executing it without their matrix costs.
package struct OperationCount {
    package private(set) var operations = 0.0

    package init() {}

    /// - Parameter inputsNeedGradients: false for the first layer.
    package mutating func linear(rows: Int, _ inputs: Int, _ outputs: Int, inputsNeedGradients: Bool = true) {
        operations += (inputsNeedGradients ? 3 : 2) * 2 * Double(rows) * Double(inputs) * Double(outputs)
    }

    /// - Parameter side: of the square outputs.
    package mutating func convolution(
        count: Int, side: Int, _ inputs: Int, _ outputs: Int, kernel: Int, inputsNeedGradients: Bool = true
    ) {
        linear(rows: count * side * side, inputs * kernel * kernel, outputs, inputsNeedGradients: inputsNeedGradients)
    }

    /// Scores and sums of values: two matmuls forward, four backward.
    package mutating func attention(count: Int, queries: Int, keys: Int, width: Int, causal: Bool = false) {
        let seen = causal ? Double(keys + 1) / 2 : Double(keys)
        operations += 6 * 2 * Double(count) * Double(queries) * seen * Double(width)
    }

    /// Pre-norm transformer blocks.
    package mutating func transformer(count: Int, steps: Int, width: Int, depth: Int, causal: Bool) {
        for _ in 0..<depth {
            // q, k, v, the output, and the MLP of four times the width, forward and backward
            linear(rows: count * steps, width, 12 * width)
            attention(count: count, queries: steps, keys: steps, width: width, causal: causal)
        }
    }

    /// Logits forward, and two matmuls with their gradients; the logits again where the backward pass has not kept
    /// them.
    package mutating func contrast(_ rows: Int, _ columns: Int, width: Int, keepsLogits: Bool = true) {
        operations += (keepsLogits ? 3 : 4) * 2 * Double(rows) * Double(columns) * Double(width)
    }

    /// A ResNet-18 at 64 channels.
    /// - Parameter side: of the images; the CIFAR stem keeps it.
    package mutating func resNet18(count: Int, side: Int, isCIFAR: Bool) {
        let stem = isCIFAR ? side : side / 2
        convolution(count: count, side: stem, 3, 64, kernel: isCIFAR ? 3 : 7, inputsNeedGradients: false)
        var side = isCIFAR ? side : side / 4, inputs = 64
        for stage in 0..<4 {
            let width = 64 << stage
            if stage > 0 {
                side = (side + 1) / 2
                convolution(count: count, side: side, inputs, width, kernel: 1)
            }
            convolution(count: count, side: side, inputs, width, kernel: 3)
            for _ in 0..<3 { convolution(count: count, side: side, width, width, kernel: 3) }
            inputs = width
        }
    }

    /// CLIP's modified ResNet with four outputs for each of a block's own channels.
    package mutating func modifiedResNet(count: Int, side: Int, width: Int, blocks: [Int], outputs: Int) {
        convolution(count: count, side: side / 2, 3, width / 2, kernel: 3, inputsNeedGradients: false)
        convolution(count: count, side: side / 2, width / 2, width / 2, kernel: 3)
        convolution(count: count, side: side / 2, width / 2, width, kernel: 3)
        var side = side / 4, inputs = width
        for (stage, blocks) in blocks.enumerated() {
            let own = width << stage
            for block in 0..<blocks {
                convolution(count: count, side: side, inputs, own, kernel: 1)
                convolution(count: count, side: side, own, own, kernel: 3)
                if block == 0, stage > 0 { side /= 2 }
                if block == 0 { convolution(count: count, side: side, inputs, 4 * own, kernel: 1) }
                convolution(count: count, side: side, own, 4 * own, kernel: 1)
                inputs = 4 * own
            }
        }
        let places = side * side + 1
        linear(rows: count * places, inputs, 2 * inputs)
        linear(rows: count, inputs, inputs + outputs)
        attention(count: count, queries: 1, keys: places, width: inputs)
    }
}
