import Concord

extension OperationBench {
    /// Passes over memory.
    mutating func rowOperations() {
        let x = random("x", [4096, 512]), size = 4 * Double(x.count), weight = Tensor(ones: [512]),
            bias = Tensor(zeros: [512])
        time(
            "LayerNorm", "\(x.shape)", forward: Floor(bytes: 2 * size), backward: Floor(bytes: 3 * size),
            of: [x, weight, bias]
        ) {
            $0[0].layerNormalized(weight: $0[1], bias: $0[2])
        }
        let logits = random("logits", [4096, 8192]), scores = 4 * Double(logits.count)
        let labels = Tensor((0..<4096).map { Int32($0 * 2) }, shape: [4096])
        time(
            "softmax cross-entropy", "\(logits.shape)", forward: Floor(bytes: scores),
            backward: Floor(bytes: 2 * scores), of: [logits]
        ) { $0[0].crossEntropy(labels: labels) }
    }

    /// AdamW over 32 million values: parameter and both moments read and written, the gradient read.
    mutating func optimizers() throws {
        let weights = Weights(), optimizer = AdamW(learningRate: 1e-4, weightDecay: 0.1)
        let (_, gradients) = valueWithGradient { weights.sum() }
        let count = Double(weights.parameterCount)
        try time("AdamW", "update", "\(weights.parameterCount) values", Floor(bytes: 7 * 4 * count)) {
            try optimizer.update(weights, with: gradients)
        }
    }

    /// The whole loss with its gradients.
    mutating func contrasts(_ sizes: [Int]) {
        for size in sizes {
            let pairs = [random("a", [size, 512]), random("b", [size, 512])], loss = InfoNCE()
            let product = 2 * Double(size) * Double(size) * 512, bytes = 4 * Double(size * 512)
            time(
                "InfoNCE", "\(size) pairs of 512", forward: Floor(operations: product, bytes: 2 * bytes),
                backward: Floor(operations: 3 * product, bytes: 4 * bytes), of: pairs
            ) { loss($0[0], $0[1]) }
        }
    }
}

private final class Weights: Module {
    let parts = (0..<8).map { _ in Parameter([2048, 2048], .constant(0.1)) }

    func sum() -> Tensor { parts.dropFirst().reduce(parts[0].value.sum()) { $0 + $1.value.sum() } }
}
