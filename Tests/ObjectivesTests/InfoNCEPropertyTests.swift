import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// What must hold of InfoNCE whatever the numbers are.
@Suite struct InfoNCEPropertyTests {
    @Test func equalEmbeddingsAreAtChance() {
        let same = Tensor(ones: [37, 8])
        #expect(abs(InfoNCE()(same, same).item - 3.6109179) < 1e-5)  // ln 37
        #expect(abs(InfoNCE(temperature: .fixed(0.5)).views(same, same).item - 4.2904594) < 1e-5)  // ln 73
    }

    /// The denominators are not rounded at the logits' size. With the identity for `a` and the dot product, `b` are the
    /// logits and its gradient is theirs.
    @Test(arguments: [false, true]) func aCommonOffsetOfTheLogitsChangesNoGradient(isOneWay: Bool) throws {
        let n = 20,
            loss = InfoNCE(similarity: .dotProduct, temperature: .fixed(1), direction: isOneWay ? .oneWay : .symmetric)
        let identity = Tensor((0..<n * n).map { $0 % (n + 1) == 0 ? 1 : 0 }, shape: [n, n])
        let near = Tensor(hashed("offset", [n, n]).scalars.map { ($0 * 1024).rounded() / 256 }, shape: [n, n])
        let gradients = try [near, near + 1000].map { b in
            try #require(valueWithPullback(of: [b]) { [loss(identity, $0[0])] }.1([Tensor(1)]).1[0])
        }
        expectClose(gradients[1], gradients[0], tolerance: 1e-6)
    }

    @Test func theOrderOfABatchDoesNotMatter() throws {
        let a = hashed("a", [130, 16]), b = hashed("b", [130, 16])
        let order = (0..<130).map { $0 * 37 % 130 }
        func permuted(_ x: Tensor) -> Tensor {
            Tensor(order.flatMap { x.scalars[$0 * 16..<$0 * 16 + 16] }, shape: x.shape)
        }
        let loss = InfoNCE()
        let (first, pullback) = valueWithPullback(of: [a, b]) { [loss($0[0], $0[1])] }
        let (second, permutedPullback) = valueWithPullback(of: [permuted(a), permuted(b)]) { [loss($0[0], $0[1])] }
        #expect(abs(first[0].item - second[0].item) < 1e-5)
        let da = try #require(pullback([Tensor(1)]).1[0]), dp = try #require(permutedPullback([Tensor(1)]).1[0])
        expectClose(dp, permuted(da))
    }

    /// Against PyTorch-checked operations on the whole matrix, at sizes around the edges of tiles and blocks.
    @Test(arguments: [1, 2, 63, 64, 65, 129, 1024, 1025, 1100]) func tilesGiveTheDenseForm(_ n: Int) throws {
        let inputs = [hashed("a\(n)", [n, 5]), hashed("b\(n)", [n, 5])]
        let labels = Tensor((0..<Int32(n)).map { $0 }, shape: [n])
        let loss = InfoNCE(temperature: .fixed(0.1))
        let (tiled, tiledPullback) = valueWithPullback(of: inputs) { [loss($0[0], $0[1])] }
        let (dense, densePullback) = valueWithPullback(of: inputs) { inputs in
            let x = inputs[0].l2Normalized() * 10, y = inputs[1].l2Normalized()
            let rows = x.matmul(y, transposing: .right), columns = y.matmul(x, transposing: .right)
            return [(rows.crossEntropy(labels: labels) + columns.crossEntropy(labels: labels)) * 0.5]
        }
        #expect(abs(tiled[0].item - dense[0].item) <= 1e-5 * max(1, dense[0].item))
        for (a, b) in zip(tiledPullback([Tensor(1)]).1, densePullback([Tensor(1)]).1) {
            if n > 1 { expectClose(try #require(a), try #require(b)) }
        }
    }

    @Test func gradientsMatchDifferences() {
        let a = hashed("ga", [6, 4]), b = hashed("gb", [6, 4])
        let labels = Tensor([0, 1, 2, 0, 1, 5] as [Int32], shape: [6])
        let temperature = InfoNCE.Temperature.fixed(0.5)
        for similarity in [InfoNCE.Similarity.cosine, .dotProduct, .euclidean] {
            let plain = InfoNCE(similarity: similarity, temperature: temperature)
            checkGradients(of: a, b) { plain($0[0], $0[1]) }
            let rich = InfoNCE(
                similarity: similarity, temperature: temperature, decoupled: true, hardNegativeWeight: 0.5,
                smoothing: 0.1)
            checkGradients(of: a, b) { rich($0[0], $0[1], labels: labels) }
            checkGradients(of: a, b) { rich.views($0[0], $0[1]) }
        }
    }

    @Test func rowsWithoutAPositiveCountForNothing() {
        let loss = InfoNCE(temperature: .fixed(0.5), direction: .oneWay, excludesSelf: true)
        let z = hashed("z", [4, 8])
        let labels = Tensor([7, 7, 1, 2] as [Int32], shape: [4])
        let (value, pullback) = valueWithPullback(of: [z]) { [loss($0[0], $0[0], labels: labels)] }
        #expect(value[0].item.isFinite && value[0].item > 0)
        #expect(pullback([Tensor(1)]).1[0]?.scalars.allSatisfy { $0.isFinite } ?? false)
        #expect(loss(z, z, labels: Tensor([0, 1, 2, 3] as [Int32], shape: [4])).item == 0)
    }

    @Test func extremeLogitsStayFiniteAndExact() {
        // A positive 2000 above or below its negatives.
        let a = Tensor([100, 0, 0, 100], shape: [2, 2])
        let loss = InfoNCE(similarity: .dotProduct, temperature: .fixed(5), direction: .oneWay)
        #expect(loss(a, a).item == 0)
        #expect(abs(loss(a, Tensor([0, 100, 100, 0], shape: [2, 2])).item - 2000) < 1e-2)
        let decoupled = InfoNCE(similarity: .dotProduct, temperature: .fixed(5), direction: .oneWay, decoupled: true)
        #expect(abs(decoupled(a, a).item + 2000) < 1e-2)
    }

    @Test func notANumberComesThrough() {
        var scalars = hashed("a", [40, 4]).scalars
        scalars[81] = .nan
        #expect(InfoNCE()(Tensor(scalars, shape: [40, 4]), hashed("b", [40, 4])).item.isNaN)
    }

    @Test func theLearnedTemperatureStartsAtItsValueAndKeepsItsRange() throws {
        let loss = InfoNCE(temperature: .learned(initial: 0.07))
        let parameter = try #require(loss.logitScale)
        #expect(parameter.shape == [])
        #expect(abs(parameter.stored.item - 2.6592600) < 1e-6)
        #expect(abs(loss.scale - 14.285714) < 1e-4)
        parameter.update { $0[0] = 9 }
        #expect(parameter.stored.item == 4.6051702)
        #expect(ParameterWalk(loss).parameters.map(\.path) == ["logit_scale"])
    }

    @Test func theSameInputsGiveTheSameBits() {
        let a = hashed("a", [700, 24]), b = hashed("b", [700, 24])
        func run() -> [[Float]] {
            let (loss, pullback) = valueWithPullback(of: [a, b]) { [InfoNCE(temperature: .fixed(0.1))($0[0], $0[1])] }
            return loss.map(\.scalars) + pullback([Tensor(1)]).1.map { $0?.scalars ?? [] }
        }
        let first = run(), second = run()
        #expect(first == second)
    }
}
