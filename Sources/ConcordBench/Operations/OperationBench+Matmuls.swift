import Concord

extension OperationBench {
    /// The matmuls of linear layers.
    mutating func matmuls() {
        for (m, n, k) in [
            (256, 256, 256), (1024, 1024, 1024), (4096, 1536, 512), (4096, 2048, 512), (4096, 512, 2048),
            (614, 30522, 512),
        ] {
            let x = random("x", [m, k]), weight = random("w", [n, k])
            let work = 2 * Double(m) * Double(n) * Double(k), bytes = 4 * Double(m * k + n * k + m * n)
            time(
                "matmul", "[\(m), \(k)] x [\(n), \(k)]ᵀ", forward: Floor(operations: work, bytes: bytes),
                backward: Floor(operations: 2 * work, bytes: bytes + 4 * Double(m * k + n * k)), of: [x, weight]
            ) { $0[0].linear(weight: $0[1], bias: nil) }
        }
    }

    /// The convolutions of ResNets.
    mutating func convolutions() {
        for (count, side, inputs, outputs, kernel, stride) in [
            (32, 112, 3, 64, 7, 2), (32, 56, 64, 64, 3, 1), (32, 56, 64, 256, 1, 1), (32, 56, 64, 128, 3, 2),
            (32, 28, 128, 128, 3, 1),
            (32, 14, 256, 256, 3, 1), (32, 14, 1024, 256, 1, 1), (32, 7, 512, 512, 3, 1), (64, 4, 512, 512, 3, 1),
            (256, 4, 512, 512, 3, 1),
            (256, 2, 512, 512, 3, 1),
        ] {
            let x = random("x", [count, side, side, inputs]), weight = random("w", [outputs, inputs, kernel, kernel])
            let out = (side + 2 * (kernel / 2) - kernel) / stride + 1, places = count * out * out
            let work = 2 * Double(places) * Double(outputs) * Double(inputs * kernel * kernel)
            let bytes = 4 * Double(x.count + weight.count + places * outputs)
            time(
                "convolution \(kernel)x\(kernel)", "\(x.shape) to \(outputs), stride \(stride)",
                forward: Floor(operations: work, bytes: bytes),
                backward: Floor(operations: 2 * work, bytes: bytes + 4 * Double(x.count + weight.count)),
                of: [x, weight]
            ) { $0[0].convolved2d(weight: $0[1], stride: stride, padding: kernel / 2) }
        }
    }

    /// Heads of 64, over texts.
    mutating func attentions() {
        for (count, steps, width, causal) in [(32, 128, 512, false), (16, 77, 512, true), (8, 512, 512, true)] {
            let x = random("x", [count, steps, 3 * width])
            let seen = causal ? Double(steps + 1) / 2 : Double(steps)
            let work = 2 * 2 * Double(count * steps) * seen * Double(width), bytes = 4 * Double(x.count)
            time(
                causal ? "attention, causal" : "attention", "\(x.shape), 8 heads",
                forward: Floor(operations: work, bytes: bytes * 4 / 3),
                backward: Floor(operations: 2 * work, bytes: bytes * 7 / 3), of: [x]
            ) { $0[0].attention(heads: 8, causal: causal) }
        }
    }

    func random(_ name: String, _ shape: [Int]) -> Tensor {
        Tensor(uniform: -1...1, shape: shape, key: RandomKey(seed: 0).derived(name))
    }
}
