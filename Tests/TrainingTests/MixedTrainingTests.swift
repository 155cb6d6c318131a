import ConcordLayers
import ConcordObjectives
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Whole training in bfloat16 beside float32.
///
/// Logits are off by some 2^-8 of their size, and the weights drift apart as AdamW's first updates follow the signs of
/// gradients near zero. 5 % of the loss at chance is twice what that came to here; the losses themselves fall by 10 to
/// 90 % of it in 20 steps.
@Suite(.enabled(if: Processor.hasBFloat16)) struct MixedTrainingTests {
    private let tolerance: Float = 0.05

    private func losses(_ model: some Module, _ precision: Precision, _ body: (Int) -> Loss) throws -> [Float] {
        let optimizer = AdamW(learningRate: 1e-3, weightDecay: 0.1)
        return try (0..<20).map { step in
            let (loss, gradients) = withPrecision(precision) { valueWithGradient(step: step) { body(step) } }
            try optimizer.update(model, with: gradients)
            return loss.total.item
        }
    }

    /// The first losses are of the same weights: they differ by the rounding of one forward pass alone.
    private func expectNear(_ narrow: [Float], _ wide: [Float], chance: Int) {
        #expect(abs(narrow[0] - wide[0]) <= 0.01 * log(Float(chance)), "first: \(narrow[0]), in float32 \(wide[0])")
        for (step, (a, b)) in zip(narrow, wide).enumerated() {
            #expect(abs(a - b) <= tolerance * log(Float(chance)), "step \(step): \(a), in float32 \(b)")
        }
    }

    @Test func aNarrowClipLearnsAsInFloat32() throws {
        let script = ScriptClip.narrow, batches = (0..<4).map { script.batch($0) }
        func run(_ precision: Precision) throws -> [Float] {
            let clip = script.model()
            return try losses(clip, precision) { clip(batches[$0 % 4]) }
        }
        expectNear(try run(.bfloat16), try run(.float32), chance: script.batch)
    }

    @Test func aSmallMaskedModelLearnsAsInFloat32() throws {
        func run(_ precision: Precision) throws -> [Float] {
            let tests = MaskedParityTests(), model = tests.model()
            return try losses(model, precision) { model(tests.batch($0)) }
        }
        expectNear(try run(.bfloat16), try run(.float32), chance: 50)
    }

    @Test func parametersAndTheirGradientsStayFloat32() throws {
        let script = ScriptClip.narrow, clip = script.model(), batch = script.batch(0)
        let (_, gradients) = withPrecision(.bfloat16) { valueWithGradient { clip(batch) } }
        for (path, parameter) in ParameterWalk(clip).parameters {
            #expect(parameter.stored.elementType == .float32, "\(path)")
            #expect(gradients[parameter]?.elementType == .float32, "\(path)")
        }
        for (path, buffer) in ParameterWalk(clip).buffers { #expect(buffer.value.elementType == .float32, "\(path)") }
    }

    @Test func stoppingAndResumingGivesTheSameBits() throws {
        let narrow = try Run.expectSameBitsWhenResumed(at: [1, 9, 14]) { Run(precision: .bfloat16) }
        let wide = Run()
        try wide.trainer().train(on: points(of: 4))
        #expect(try narrow.losses != wide.losses, "bfloat16 was not in use")
    }
}
