import ConcordLayers
import ConcordTensors
import TestSupport
import Testing

@Suite struct CheckpointingTests {
    /// Attention, dropout, batch normalization and an embedding table.
    final class Block: Module {
        let attention = TransformerBlock(width: 16, heads: 2, dropout: 0.2)
        let norm = BatchNorm(16)
        let table = Embedding(7, 16)
        let gain = Parameter([16], .ones)

        func callAsFunction(_ x: Tensor, ids: Tensor, other: Tensor) -> Tensor {
            norm(attention(x) + table(ids), activation: .relu) * gain.value + other
        }
    }

    let block = Block().initialize(seed: 3)
    let x = hashed("x", [3, 5, 16]), other = hashed("other", [3, 5, 16])
    let ids = Tensor((0..<15).map { Int32($0 * 4 % 7) }, shape: [3, 5])

    /// Two blocks, then a step that draws once more.
    func run(
        checkpointing: Bool, frozen: Bool = false
    ) -> (output: [Float], cotangents: [[Float]?], gradients: [String: [Float]], statistics: [Float]) {
        block.norm.runningMean.assign(Tensor(zeros: [16]))
        let ids = ids, block = block
        let (outputs, pullback) = training(step: 4) {
            valueWithPullback(of: [x, other]) { inputs in
                let first =
                    checkpointing
                    ? checkpointed([inputs[0], inputs[1]]) { block($0[0], ids: ids, other: $0[1]) }
                    : block(inputs[0], ids: ids, other: inputs[1])
                let second =
                    checkpointing
                    ? checkpointed(first) { block($0, ids: ids, other: hashed("constant", [3, 5, 16])) }
                    : block(first, ids: ids, other: hashed("constant", [3, 5, 16]))
                return [second.dropout(0.3)]
            }
        }
        let statistics = block.norm.runningMean.stored.scalars
        let (gradients, cotangents) = pullback([hashed("upstream", outputs[0].shape)])
        #expect(block.norm.runningMean.stored.scalars == statistics, "running statistics move in the first pass alone")
        let byName = ParameterWalk(block).parameters.compactMap { path, parameter in
            gradients[parameter].map { (path, $0.scalars) }
        }
        return (
            outputs[0].scalars, cotangents.map { $0?.scalars }, Dictionary(uniqueKeysWithValues: byName), statistics
        )
    }

    @Test func everyBitIsThatOfTheTapeThatKeepsAll() {
        let plain = run(checkpointing: false), again = run(checkpointing: true)
        #expect(again.output == plain.output)
        #expect(again.cotangents == plain.cotangents && again.cotangents.allSatisfy { $0 != nil })
        #expect(again.gradients == plain.gradients && again.gradients.count == ParameterWalk(block).parameters.count)
        #expect(again.statistics == plain.statistics)
    }

    @Test func nestedPartsGiveTheSame() {
        let weight = Parameter([16], .ones), x = x
        func gradient(_ wrap: @escaping (Tensor, @escaping (Tensor) -> Tensor) -> Tensor) -> [Float]? {
            valueWithGradient {
                wrap(x) { y in wrap(y * weight.value) { ($0 * weight.value).tanh().dropout(0.2) } }.sum()
            }.1[weight]?
            .scalars
        }
        #expect(gradient { checkpointed($0, $1) } == gradient { $1($0) })
    }

    @Test func frozenParametersAndConstantsGetNothing() throws {
        let block = block, x = x, ids = ids, other = other
        block.gain.isFrozen = true
        let (_, gradients) = valueWithGradient { checkpointed(x) { block($0, ids: ids, other: other) }.sum() }
        #expect(gradients[block.gain] == nil && gradients[block.norm.weight] != nil)
        for (_, parameter) in ParameterWalk(block).parameters { parameter.isFrozen = true }
        #expect(valueWithGradient { checkpointed(x) { block($0, ids: ids, other: other) }.sum() }.1.count == 0)
    }

    @Test func withoutATapeItIsTheBodyAlone() {
        var runs = 0
        let y = checkpointed(x) { x in
            runs += 1
            return x * 2
        }
        #expect(runs == 1 && y.scalars == (x * 2).scalars)
    }

    @Test func aTapeKeepsTheInputsAlone() {
        // Eight parts of sixteen steps each on 1 MiB.
        let x = Tensor(ones: [1 << 18])
        func peak(checkpointing: Bool) -> Int {
            let weight = Parameter([], .ones)
            return Allocator.peak {
                _ = valueWithGradient {
                    (0..<8).reduce(x) { x, _ in
                        checkpointed(x, when: checkpointing) { y in
                            (0..<8).reduce(y) { y, _ in (y * weight.value).tanh() }
                        }
                    }.sum()
                }
            }
        }
        #expect(2 * peak(checkpointing: true) < peak(checkpointing: false))
    }
}
