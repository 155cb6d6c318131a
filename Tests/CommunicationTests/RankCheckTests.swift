import ConcordCommunication
import Foundation
import TestSupport
import Testing

/// What several processes compute together, each started by mpirun.
@Suite struct RankCheckTests {
    private static let mpirun = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/mpirun" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    static var reason: Comment? {
        if !Communicator.hasMPI { return "built without MPI (swift test --traits MPI)" }
        return mpirun == nil ? "there is no mpirun" : nil
    }

    @Test(
        .enabled(if: reason == nil, reason ?? "MPI"),
        arguments: [2, 3])
    func lossesAndGradientsOfRanksAreThoseOfOneProcess(count: Int) throws {
        let mpirun = try #require(Self.mpirun)
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let tool = tests.deletingLastPathComponent().appendingPathComponent("RankCheck").path
        let folder = TemporaryFolder(), output = folder.path + "/output"
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: mpirun)
        process.arguments =
            (geteuid() == 0 ? ["--allow-run-as-root"] : []) + ["--oversubscribe", "-n", "\(count)", tool]
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains("ok     47 ring, symmetric"), "\(text)")
    }
}
