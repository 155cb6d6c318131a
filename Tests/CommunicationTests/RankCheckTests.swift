import Foundation
import TestSupport
import Testing

/// What several processes compute together, each started by mpirun.
@Suite struct RankCheckTests {
    @Test(
        .enabled(if: MPITools.areThere, "\(MPITools.advice)"),
        arguments: [2, 3])
    func lossesAndGradientsOfRanksAreThoseOfOneProcess(count: Int) throws {
        let tools = try #require(MPITools.shared), check = tools.path("RankCheck")
        try #require(FileManager.default.isExecutableFile(atPath: check), "swift build … --product RankCheck")
        let outcome = try tools.run(ranks: count, [check])
        #expect(outcome.status == 0, "\(outcome.text)")
        #expect(outcome.output.contains("ok     47 ring, symmetric"), "\(outcome.text)")
    }
}
