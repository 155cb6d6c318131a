import Concord
import Foundation
import TestSupport
import Testing

/// What `train` says of its precision, here and where bfloat16 is not native.
struct PrecisionTests {
    private let world: SmallWorld
    /// oneDNN without instructions for bfloat16, as on an older processor.
    private let older = ["ONEDNN_MAX_CPU_ISA": "AVX2"]

    init() throws { world = try SmallWorld() }

    private func train(
        _ settings: String..., resumed: Bool = false, environment: [String: String] = [:]
    ) throws -> CommandLineTool.Outcome {
        let outcome = try CommandLineTool.run(
            ["train", world.recipe, "--data", world.data, "--out", world.run()]
                + settings.flatMap { ["--set", $0] } + (resumed ? ["--resume"] : []), environment: environment)
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome
    }

    private func recorded() throws -> String {
        let text = try String(contentsOfFile: world.run() + "/recipe.yaml", encoding: .utf8)
        return String(text.split(separator: "\n").first { $0.hasPrefix("precision: ") } ?? "")
    }

    @Test func theFirstLineSaysWhatAutoIs() throws {
        let line = try #require(try train("steps=1").output.split(separator: "\n").first)
        let wanted = " parameters; precision \(Precision.fastest) (auto: \(Precision.reasonForFastest)); "
        #expect(line.contains(wanted), "\(line)")
        #expect(try recorded() == "precision: \(Precision.fastest)")
    }

    @Test func autoIsFloat32WhereBFloat16IsNotNativeAndStaysSo() throws {
        let started = try train("steps=2", environment: older)
        #expect(started.output.contains("; precision float32 (auto: no native bfloat16); "), "\(started.output)")
        #expect(!started.errors.contains("warning"), "\(started.errors)")
        #expect(try recorded() == "precision: float32")
        // On a newer processor again.
        let resumed = try train("steps=4", resumed: true)
        #expect(resumed.output.contains("; precision float32 (as the run was started); "), "\(resumed.output)")
        #expect(try recorded() == "precision: float32")
    }

    @Test func aRunInBFloat16GoesOnInFloat32WhereThatIsNotNativeWithAWarning() throws {
        _ = try train("steps=2", "precision=bfloat16")
        let resumed = try train("steps=4", resumed: true, environment: older)
        let wanted = "; precision float32 in place of bfloat16 (not native here); "
        #expect(resumed.output.contains(wanted), "\(resumed.output)")
        #expect(resumed.errors.contains("warning: this processor has no bfloat16 instructions"), "\(resumed.errors)")
        #expect(try recorded() == "precision: bfloat16")
        #expect(try world.steps("run") == Array(1...4))
    }

    @Test func theDoctorSaysWhatAutoIs() throws {
        let doctor = try CommandLineTool.run(["doctor", "--json"], environment: older)
        let report = try JSONDecoder().decode([String: String].self, from: Data(doctor.output.utf8))
        #expect(report["precision_auto"] == "float32 (no native bfloat16)")
    }

    @Test func theKeyIsExplained() throws {
        let keys = try CommandLineTool.run("recipes", "keys", "precision")
        #expect(keys.output.hasPrefix("precision: one of auto, float32, bfloat16; default auto\n"), "\(keys.output)")
        let shown = try CommandLineTool.run("recipes", "show", "pairs")
        #expect(shown.output.contains("\nprecision: auto\n"))
    }
}
