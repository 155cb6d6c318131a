import ConcordEncoders
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import TestSupport
import Testing

/// Masked image modeling against PyTorch: `Tests/Fixtures/mim.py`.
@Suite struct MaskedImageTests {
    private let fixture = Fixture("mim")

    private func encoder(
        _ pooling: VisionTransformer.Pooling, _ positions: GridPositions.Form = .sinCos, registers: Int = 0
    ) -> VisionTransformer {
        VisionTransformer(
            patch: 4, imageSize: 16, width: 16, depth: 2, heads: 2, pooling: pooling, positions: positions,
            registers: registers)
    }

    private func mae(_ pooling: VisionTransformer.Pooling, normalized: Bool = true) -> MaskedAutoencoder {
        MaskedAutoencoder(encoder(pooling), width: 16, depth: 1, heads: 2, normalizesTargets: normalized)
    }

    private func images(_ count: Int) -> Tensor { hashed("mim images", [3, 16, 16, 3]).rows(in: 0..<count) }

    private func masked(_ name: String) -> MaskedPatches {
        let places = fixture[name + "/masked"], each = places.shape[1]
        let flat = places.integerScalars.map(Int.init)
        return MaskedPatches(
            stride(from: 0, to: flat.count, by: each).map { Array(flat[$0..<$0 + each]) }, of: 16)
    }

    /// Loss and gradients of hashed weights, and the loss after one step of SGD.
    private func check(_ name: String, _ model: some Module, _ loss: () -> Loss) {
        model.filled(prefix: name + ".")
        let (value, gradients) = valueWithGradient { loss() }
        expectClose(value.total.reshaped([1]), fixture[name + "/loss"], "\(name) loss")
        checkGradients(gradients, of: model, name, in: fixture, tolerance: 2e-5)
        for (_, parameter) in ParameterWalk(model).parameters {
            guard let gradient = gradients[parameter] else { continue }
            parameter.assign(parameter.stored - gradient * 0.1)
        }
        expectClose(loss().total.reshaped([1]), fixture[name + "/loss after a step"], "\(name) after a step")
    }

    @Test func lossAndGradientsOfMAEArePyTorchs() {
        for (name, pooling, normalized, count) in [
            ("mae_class", VisionTransformer.Pooling.classToken, true, 3), ("mae_mean", .mean, true, 2),
            ("mae_plain", .mean, false, 1),
        ] {
            let mae = mae(pooling, normalized: normalized), masked = masked(name)
            check(name, mae) { mae(images(count), masked: masked) }
        }
    }

    @Test func lossAndGradientsOfSimMIMArePyTorchs() {
        let cases = [("simmim_class", VisionTransformer.Pooling.classToken, 3), ("simmim_mean", .mean, 1)]
        for (name, pooling, count) in cases {
            let model = MaskedImageModel(encoder(pooling, .learned, registers: 1)), masked = masked(name)
            check(name, model) { model(images(count), masked: masked) }
        }
    }

    @Test func aPredictionOfZerosHasTheStatedLoss() {
        let mae = mae(.mean), simmim = MaskedImageModel(encoder(.mean))
        for linear in [mae.decoderPred, simmim.decoder] {
            linear.weight.assign(Tensor(zeros: linear.weight.shape))
            linear.bias?.assign(Tensor(zeros: linear.bias?.shape ?? []))
        }
        #expect(abs(mae(images(3)).total.item - (1 - 1 / 48)) < 1e-4)
        let all = MaskedPatches([Array(0..<16)], of: 16)
        expectClose(simmim(images(1), masked: all).total, images(1).abs().mean())
    }

    @Test(arguments: [(0.75, 1, 12), (0.6, 1, 10), (0.6, 2, 12), (0.999, 1, 15), (0.001, 2, 4)])
    func asManyPatchesOfEachImageAreMaskedInWholeSquares(fraction: Double, block: Int, count: Int) {
        let masking = PatchMasking(fraction: fraction, block: block)
        let keys = (0..<40).map { RandomKey(seed: 1).derived($0) }
        let masked = masking(rows: 4, columns: 4, keys: keys)
        let places = masked.masked.integerScalars.map(Int.init)
        #expect(places.count == 40 * count && places == places.sorted() && Set(places).count == places.count)
        #expect(Set(places).union(masked.visible.integerScalars.map(Int.init)) == Set(0..<640))
        for image in 0..<40 {
            let own = Set(places.filter { $0 / 16 == image }.map { $0 % 16 })
            #expect(own.count == count)
            for patch in own {
                let (row, column) = (patch / 4 / block * block, patch % 4 / block * block)
                #expect((0..<block * block).allSatisfy { own.contains((row + $0 / block) * 4 + column + $0 % block) })
            }
            // the image's own key decides, not the batch
            let alone = masking(rows: 4, columns: 4, keys: [keys[image]]).masked.integerScalars.map(Int.init)
            #expect(Set(alone) == own)
        }
        #expect(Set((0..<40).map { image in places.filter { $0 / 16 == image }.map { $0 % 16 } }).count > 3)
    }

    @Test func whatIsMaskedIsNotSeen() {
        let mae = mae(.classToken).filled(prefix: "seen."), masked = MaskedPatches([[0, 5, 6]], of: 16)
        let image = images(1), before = mae.predictions(image, masked: masked)
        var pixels = image.scalars
        for row in 4..<8 { for column in 4..<12 { pixels[(row * 16 + column) * 3] += 9 } }
        let changed = Tensor(pixels, shape: image.shape)
        #expect(mae.predictions(changed, masked: masked).scalars == before.scalars)
        let simmim = MaskedImageModel(encoder(.mean)).filled(prefix: "seen.")
        let same = simmim.predictions(changed, masked: masked).scalars
        #expect(same == simmim.predictions(image, masked: masked).scalars)
        #expect(mae.predictions(changed, masked: MaskedPatches([[0]], of: 16)).scalars != before.scalars)
    }

    @Test(arguments: [1, 2]) func microbatchesAreExact(microbatch: Int) throws {
        func compare(_ objective: some Objective<Tensor>) throws {
            objective.filled(prefix: "parts.")
            let (whole, a) = valueWithGradient(step: 3) { objective(images(3)) }
            let (parts, b) = try valueWithGradient(of: objective, images(3), microbatch: microbatch, step: 3)
            expectClose(parts.total, whole.total)
            for (path, parameter) in ParameterWalk(objective).parameters {
                let gradient = try #require(a[parameter], "\(path)")
                expectClose(try #require(b[parameter]), gradient, tolerance: 2e-5, path)
            }
        }
        try compare(mae(.classToken))
        try compare(MaskedImageModel(encoder(.mean)))
    }
}
