import ConcordInterchange
import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// CLIP at the weights that PyTorch's training went through: `Tests/Fixtures/clip_teacher.py`, whose page gives the
/// rules and why.
///
/// A free run's losses mix a fault of ours with rounding that training magnifies; here every step starts from PyTorch's
/// weights, and our optimizer from PyTorch's gradients, so nothing adds up. A narrow model at the weights of step 20 in
/// the suite; the full one by hand:
///
///     Tests/Fixtures/clip_teacher.py train DIR && Tests/Fixtures/clip_teacher.py reference DIR 0 20          # 3 GB, half an hour
///     CONCORD_TEACHER=DIR swift test -c release --filter TeacherParity                                       # 2 minutes
@Suite struct TeacherParityTests {
    /// Rules 1 to 3.
    /// - Returns: one line: how far off loss and gradients are.
    @discardableResult
    private func check(
        _ clip: Contrastive<ScriptClip.Pair>, on batch: ScriptClip.Pair, reference: Safetensors,
        gradients expected: Safetensors,
        _ step: String
    ) throws -> String {
        let (loss, gradients) = valueWithGradient { clip(batch) }
        let difference = try abs(loss.total.item / reference.tensor("loss").item - 1)
        #expect(difference <= 1e-5, "\(step): loss \(loss.total.item)")
        let walk = ParameterWalk(clip)
        var worst = (ratio: 0.0, path: ""), errors: [Double] = [], theirs: [Double] = []
        for (path, parameter) in walk.parameters {
            let name = ScriptClip.scriptPath(path)
            let gradient = try #require(gradients[parameter], "\(path)")
            let error = try Self.error(gradient, expected.tensor("gradient.\(name)")),
                own = Double(try reference.tensor("error.\(name)").item)
            #expect(
                error <= max(2 * own, 1e-6),
                "\(step): gradient of \(path) is \(error) off, PyTorch's own float32 one \(own)")
            if error > 1e-6, error / own > worst.ratio { worst = (error / own, path) }
            errors.append(error)
            theirs.append(own)
        }
        for (path, buffer) in walk.buffers {
            expectClose(buffer.value, try reference.tensor("after.\(ScriptClip.scriptPath(path))"), "\(step): \(path)")
        }
        let medians = [errors, theirs].map { $0.sorted()[$0.count / 2] }
        return "\(step): loss \(difference) off; gradients: median \(medians[0]), PyTorch's \(medians[1]), "
            + "at most \(worst.ratio) of PyTorch's (\(worst.path))"
    }

    /// `|a - b| / |b|` with Euclidean norms.
    private static func error(_ a: Tensor, _ b: Tensor) -> Double {
        let (x, y) = (a.float32Pointer, b.float32Pointer)
        var (distance, norm) = (0.0, 0.0)
        for i in 0..<b.count {
            let d = Double(x[i]) - Double(y[i])
            distance += d * d
            norm += Double(y[i]) * Double(y[i])
        }
        return withExtendedLifetime((a, b)) { (distance / norm).squareRoot() }
    }

    private func load(_ file: Safetensors, into clip: Contrastive<ScriptClip.Pair>) throws {
        let walk = ParameterWalk(clip), paths = walk.parameters.map(\.path) + walk.buffers.map(\.path)
        let own = Dictionary(uniqueKeysWithValues: paths.map { (ScriptClip.scriptPath($0), $0) })
        try clip.load(file) { own[$0] }
    }

    @Test func aNarrowClipAtTrainedWeightsIsAsCloseToFloat64AsPyTorch() throws {
        let clip = ScriptClip.narrower.model()
        let file = try Safetensors(path: Fixture.directory + "/clip_teacher.safetensors")
        let gradients = try Safetensors(path: Fixture.directory + "/clip_teacher_gradients.safetensors")
        try load(file, into: clip)
        try check(clip, on: ScriptClip.narrower.batch(20), reference: file, gradients: gradients, "step 20")
    }

    static let folder = ProcessInfo.processInfo.environment["CONCORD_TEACHER"]

    @Test(.enabled(if: folder != nil)) func everyStepOfAFullClipIsAsCloseToFloat64AsPyTorch() throws {
        let folder = try #require(Self.folder), clip = ScriptClip.full.model()
        for step in 0..<20 {
            let stem = folder + (step < 10 ? "/0\(step)" : "/\(step)")
            try load(Safetensors(path: stem + ".weights.safetensors"), into: clip)
            let reference = try Safetensors(path: stem + ".reference.safetensors")
            print(
                try check(
                    clip, on: ScriptClip.full.batch(step), reference: reference, gradients: reference, "step \(step)"))
        }
    }

    @Test(.enabled(if: folder != nil)) func adamWFollowsPyTorchsOnPyTorchsGradients() throws {
        let folder = try #require(Self.folder), clip = ScriptClip.full.model()
        let optimizer = AdamW(learningRate: Double(ScriptClip.learningRate), weightDecay: 0.1)
        let parameters = ParameterWalk(clip).parameters
        for step in 1...20 {
            let number = { (step: Int) in step < 10 ? "/0\(step)" : "/\(step)" }
            let given = try Safetensors(path: folder + number(step - 1) + ".gradients.safetensors")
            let wanted = try Safetensors(path: folder + number(step) + ".weights.safetensors")
            let tensors = try parameters.map { try given.tensor(ScriptClip.scriptPath($0.path)) }
            let gradients = valueWithGradient {
                Tensor(0).recorded(fromAll: parameters.map(\.parameter.value)) { _, _ in tensors }
            }.1
            try optimizer.update(clip, with: gradients)
            var worst: Float = 0
            for (path, parameter) in parameters {
                let own = parameter.stored.scalars, theirs = try wanted.tensor(ScriptClip.scriptPath(path)).scalars
                let bound = Float(step) * (0x1p-23 * (theirs.map(abs).max() ?? 0) + 0x1p-20 * ScriptClip.learningRate)
                let difference = zip(own, theirs).map { abs($0 - $1) }.max() ?? 0
                #expect(difference <= bound, "step \(step): \(path) is \(difference) off, bound \(bound)")
                worst = max(worst, difference / bound)
            }
            print("step \(step): AdamW's weights at most \(worst) of the bound off")
        }
    }
}
