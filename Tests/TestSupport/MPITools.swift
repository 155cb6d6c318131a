import ConcordCommunication
import Foundation

/// Programs of a build with the package trait MPI, started by mpirun.
///
/// They are those of this build where it has MPI, else those of the folder in the environment variable
/// `CONCORD_MPI_TOOLS`: the tests themselves are built without.
public struct MPITools: Sendable {
    /// Those there are; nil without MPI, without mpirun, or without the programs.
    public static let shared = MPITools()

    public static var areThere: Bool { shared != nil }

    public static let advice = """
        wants mpirun (openmpi-bin) and a build with MPI (libopenmpi-dev): swift build -c release --traits MPI \
        --scratch-path .build/mpi, then CONCORD_MPI_TOOLS=.build/mpi/release
        """

    /// Whether this build has MPI itself.
    public static let areOfThisBuild = Communicator.hasMPI

    private let folder: String
    private let mpirun: String

    private init?() {
        let environment = ProcessInfo.processInfo.environment
        let mpirun = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/mpirun" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        guard let mpirun else { return nil }
        if let folder = environment["CONCORD_MPI_TOOLS"] {
            self.folder = URL(fileURLWithPath: folder).path
        } else if Communicator.hasMPI {
            self.folder =
                URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
                .path
        } else {
            return nil
        }
        self.mpirun = mpirun
        guard FileManager.default.isExecutableFile(atPath: path("concord")) else { return nil }
    }

    /// The path of a program.
    public func path(_ tool: String) -> String { folder + "/" + tool }

    /// Starts a command in several processes, and returns at once.
    public func start(ranks: Int, _ command: [String]) throws -> RankProcesses {
        try start([(ranks, command)])
    }

    /// Starts several commands that are ranks of one job: so many processes of each, in this order.
    public func start(_ commands: [(ranks: Int, command: [String])]) throws -> RankProcesses {
        // Between processes of one machine: no network is looked for.
        let options =
            ["--oversubscribe", "--mca", "btl", "self,vader"] + (geteuid() == 0 ? ["--allow-run-as-root"] : [])
        let parts = commands.map { ["-n", "\($0.ranks)"] + $0.command }
        return try RankProcesses([mpirun] + options + parts.joined(separator: [":"]))
    }

    /// Runs a command in several processes, or alone, to its end.
    public func run(ranks: Int, _ command: [String], seconds: Double = 60) throws -> RankProcesses.Outcome {
        try (ranks == 1 ? RankProcesses(command) : start(ranks: ranks, command)).ended(within: seconds)
    }
}

/// A running mpirun and what it started.
public final class RankProcesses {
    public struct Outcome: Sendable {
        /// mpirun's; negative: it was killed by that signal.
        public let status: Int32
        public let output: String
        public let errors: String
        /// False: it was still running when its time was up, and was killed with all its processes.
        public let isOver: Bool

        /// All that was printed.
        public var text: String { output + errors }
        /// The lines that say what failed.
        public var errorLines: [String] {
            errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("Error:") }
        }
    }

    private let process = Process(), folder = TemporaryFolder()

    init(_ command: [String]) throws {
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil) }
        // Threads of tests may block signals, and what they start inherits that.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["--default-signal=INT,TERM,HUP,USR1"] + command
        process.environment = ProcessInfo.processInfo.environment.merging(["OMP_NUM_THREADS": "1"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("err")))
        try process.run()
    }

    deinit { if process.isRunning { killAll() } }

    public var isRunning: Bool { process.isRunning }
    /// Of mpirun.
    public var identifier: Int32 { process.processIdentifier }

    /// The process of a rank, where it is there.
    public func identifier(ofRank rank: Int) -> Int32? {
        Self.descendants(of: identifier).first { id in
            (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(id)/environ")))?.split(separator: 0)
                .contains { $0.elementsEqual("OMPI_COMM_WORLD_RANK=\(rank)".utf8) } ?? false
        }
    }

    /// Waits until something is so, or the command has ended, at most a minute.
    public func wait(until condition: () -> Bool) {
        let deadline = Date().addingTimeInterval(60)
        while !condition(), process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
    }

    /// Waits for the end; kills all processes where it does not come in time.
    public func ended(within seconds: Double = 60) throws -> Outcome {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        let isOver = !process.isRunning
        if !isOver { killAll() }
        process.waitUntilExit()
        let status = process.terminationStatus
        return Outcome(
            status: process.terminationReason == .uncaughtSignal ? -status : status,
            output: try String(contentsOfFile: folder.file("out"), encoding: .utf8),
            errors: try String(contentsOfFile: folder.file("err"), encoding: .utf8), isOver: isOver)
    }

    /// mpirun gives each rank a process group of its own: all are looked up first.
    private func killAll() {
        for id in Self.descendants(of: identifier) + [identifier] { kill(id, SIGKILL) }
    }

    private static func descendants(of parent: Int32) -> [Int32] {
        var children: [Int32: [Int32]] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let id = Int32(name), let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
                let above = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap({
                    Int32($0)
                })
            else { continue }
            children[above, default: []].append(id)
        }
        var found: [Int32] = [], open = [parent]
        while let next = open.popLast() {
            found += children[next] ?? []
            open += children[next] ?? []
        }
        return found
    }
}
