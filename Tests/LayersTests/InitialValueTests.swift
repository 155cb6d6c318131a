import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct InitialValueTests {
    /// Mean, standard deviation and largest size.
    private func moments(_ parameter: Parameter) -> (mean: Float, std: Float, largest: Float) {
        let x = parameter.stored.scalars, n = Float(x.count)
        let mean = x.reduce(0, +) / n
        return (mean, (x.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / n).squareRoot(), x.map(abs).max() ?? 0)
    }

    private func expectUniform(_ parameter: Parameter, bound: Float, sourceLocation: SourceLocation = #_sourceLocation)
    {
        let (mean, std, largest) = moments(parameter)
        #expect(abs(mean) < 0.1 * bound, sourceLocation: sourceLocation)
        #expect(abs(std / bound - 0.57735) < 0.05, sourceLocation: sourceLocation)
        #expect(largest <= bound && largest > 0.98 * bound, sourceLocation: sourceLocation)
    }

    @Test func defaultsArePyTorchs() {
        let linear = Linear(100, 400).initialize(seed: 1)
        expectUniform(linear.weight, bound: 0.1)
        if let bias = linear.bias { expectUniform(bias, bound: 0.1) }
        expectUniform(Conv2d(16, 64, kernel: 5, groups: 4).initialize(seed: 1).weight, bound: 0.1)  // 4 * 25 inputs
        expectUniform(Conv1d(20, 64, kernel: 5).initialize(seed: 1).weight, bound: 0.1)
        let attention = MultiHeadAttention(96, heads: 4).initialize(seed: 1)
        expectUniform(attention.inProjWeight, bound: 0.125)  // sqrt(6 / (96 + 288))
        #expect(moments(attention.inProjBias).largest == 0)
        #expect(abs(moments(Embedding(100, 100).initialize(seed: 1).weight).std - 1) < 0.02)
        let norm = BatchNorm(3)
        #expect(norm.weight.stored.scalars == [1, 1, 1] && norm.bias.stored.scalars == [0, 0, 0])
        #expect(norm.runningMean.value.scalars == [0, 0, 0] && norm.runningVar.value.scalars == [1, 1, 1])
    }

    @Test func valuesDependOnSeedAndPathAlone() {
        let a = MLP(8, hidden: 8).initialize(seed: 3), b = MLP(8, hidden: 8).initialize(seed: 3),
            c = MLP(8, hidden: 8).initialize(seed: 4)
        #expect(a.expansion.weight.stored.scalars == b.expansion.weight.stored.scalars)
        #expect(a.expansion.weight.stored.scalars != a.projection.weight.stored.scalars)
        #expect(a.expansion.weight.stored.scalars != c.expansion.weight.stored.scalars)
    }

    @Test func clipsInitializationShrinksBranchesWithDepth() {
        let block = TransformerBlock(width: 64, heads: 2, initialization: .clip(width: 64, depth: 8)).initialize(
            seed: 0)
        #expect(abs(moments(block.attention.inProjWeight).std * 8 - 1) < 0.05)
        #expect(abs(moments(block.attention.outProj.weight).std * 32 - 1) < 0.05)
        #expect(abs(moments(block.mlp.projection.weight).std * 32 - 1) < 0.05)
        #expect(abs(moments(block.mlp.expansion.weight).std * Float(128).squareRoot() - 1) < 0.05)
    }
}
