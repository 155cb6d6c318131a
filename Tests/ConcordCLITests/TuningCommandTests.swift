import Concord
import Foundation
import TestSupport
import Testing

/// `concord doctor --tune`, and the table that it leaves for other commands.
struct TuningCommandTests {
    private struct Answer: Decodable {
        let path: String
        let table: KernelTable
        let seconds: Double
    }

    @Test func aTableIsMeasuredWrittenAndUsed() throws {
        let folder = TemporaryFolder(), environment = ["XDG_CACHE_HOME": folder.path, "CONCORD_KERNELS": ""]
        func doctor(_ arguments: String..., kernels: String = "") throws -> CommandLineTool.Outcome {
            try CommandLineTool.run(
                ["doctor"] + arguments, environment: environment.merging(["CONCORD_KERNELS": kernels]) { $1 })
        }
        #expect(try doctor().output.contains("`concord doctor --tune` measures which are the fastest here"))
        let tuned = try doctor("--tune", "--quick", "--json")
        #expect(tuned.status == 0, "\(tuned.errors)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(tuned.output.utf8))
        #expect(answer.path.hasPrefix(folder.path + "/concord/kernels-") && answer.seconds > 0)
        #expect(answer.table.machine == .current)
        let kept = try Data(contentsOf: URL(fileURLWithPath: answer.path))
        #expect(try JSONDecoder().decode(KernelTable.self, from: kept) == answer.table)
        let now = try doctor()
        #expect(now.output.contains(answer.path + ": ") && now.output.contains("measured with ") && now.errors.isEmpty)
        #expect(try doctor(kernels: "default").output.contains("the standard ones (CONCORD_KERNELS)"))
        let text = try doctor("--tune", "--quick").output
        #expect(text.contains("written to \(answer.path)") && text.contains(" comparisons in "), "\(text)")

        try "{".write(toFile: answer.path, atomically: true, encoding: .utf8)
        let damaged = try doctor()
        #expect(damaged.status == 0 && damaged.output.contains("the standard ones;"))
        #expect(
            damaged.errors == """
                warning: \(answer.path): not a table of kernels: no JSON; the standard kernels are used; `concord doctor \
                --tune` measures which are the fastest here

                """)
    }

    @Test func whatCannotBeKeptIsNotMeasured() throws {
        let folder = TemporaryFolder()
        try "".write(toFile: folder.file("cache"), atomically: true, encoding: .utf8)
        let refused = try CommandLineTool.run(
            ["doctor", "--tune", "--quick"], environment: ["XDG_CACHE_HOME": folder.file("cache")])
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors.contains(folder.file("cache")) && refused.errors.split(separator: "\n").count == 1)
    }
}
