import Concord

/// A step's inputs: random, or those that PyTorch dumped.
struct StepInputs {
    let dump: Safetensors?

    /// N(0, 1).
    func floats(_ name: String, _ shape: [Int]) throws -> Tensor {
        if let dump { return try dump.tensor("input." + name) }
        return Tensor(normal: 0, std: 1, shape: shape, key: RandomKey(seed: 0).derived(name))
    }

    /// Images, `[N, C, H, W]` in the dump.
    /// - Returns: `[N, side, side, 3]`.
    func images(_ name: String, count: Int, side: Int) throws -> Tensor {
        let shape = [count, 3, side, side]
        return try floats(name, shape).permuted([0, 2, 3, 1])
    }

    /// Uniform in `range`.
    func integers(_ name: String, _ shape: [Int], in range: Range<Int32>) throws -> Tensor {
        if let dump { return try dump.tensor("input." + name) }
        var random = RandomKey(seed: 0).derived(name).sequence
        return Tensor((0..<shape.reduce(1, *)).map { _ in Int32.random(in: range, using: &random) }, shape: shape)
    }

    /// Different indices below `limit`, in random order.
    func indices(_ name: String, count: Int, below limit: Int32) throws -> Tensor {
        if let dump { return try dump.tensor("input." + name) }
        var random = RandomKey(seed: 0).derived(name).sequence
        return Tensor(Array((0..<limit).shuffled(using: &random).prefix(count)), shape: [count])
    }

    /// Texts without padding.
    func tokens(_ name: String, _ shape: [Int], in range: Range<Int32>) throws -> Tokens {
        let ids = try integers(name, shape, in: range)
        return Tokens(ids: ids, mask: Tensor([UInt8](repeating: 1, count: ids.count), shape: shape))
    }
}
