import Concord
import Foundation

/// PyTorch's program of the same workloads, `torch_steps.py`.
struct PyTorchBaseline {
    let python: String, script: String
    let repeats: Int

    /// Modes in which PyTorch may run a step; losses are compared with the first.
    static func modes(_ precision: Precision) -> [String] {
        switch precision {
        case .float32: ["eager", "eager-last", "compile"]
        case .bfloat16: ["bf16", "bf16-last", "bf16-compile"]
        }
    }

    struct Timings: Encodable {
        let mode: String
        /// Nil where this PyTorch cannot run the mode.
        var medianS: Double?
        var peakMib: Double?
        var failure: String?
    }

    /// PyTorch's, without what follows a plus sign: how it was built.
    func version() throws -> String {
        let line = try Child.output(of: python, ["-c", "import torch; print(torch.__version__)"])
        return String(line.prefix { $0 != "+" && !$0.isNewline })
    }

    /// One process of one workload in one mode.
    func measurements(of workload: String, mode: String) throws -> Timings {
        let line = try run(["--repeats", String(repeats), "--modes", mode, workload])
        guard let median = Self.number(after: "step", in: line), let peak = Self.number(after: "peak", in: line) else {
            guard let failed = line.range(of: "failed: ") else {
                throw BenchError.unreadable(command: script, output: line)
            }
            return Timings(mode: mode, failure: String(line[failed.upperBound...]))
        }
        return Timings(mode: mode, medianS: median, peakMib: peak)
    }

    /// Weights and inputs to `directory/WORKLOAD.safetensors`.
    /// - Returns: the losses of the first three steps.
    func dump(_ workload: String, _ precision: Precision, to directory: String) throws -> [Float] {
        let line = try run(["--modes", Self.modes(precision)[0], "--dump", directory, workload])
        let losses =
            line.range(of: "losses ").map { line[$0.upperBound...].split(separator: " ").compactMap { Float($0) } }
            ?? []
        guard losses.count == 3 else { throw BenchError.unreadable(command: script, output: line) }
        return losses
    }

    private func run(_ arguments: [String]) throws -> String {
        let output = try Child.output(of: python, [script, "--threads", String(Threads.count)] + arguments)
        return output.split(separator: "\n").last.map(String.init) ?? ""
    }

    private static func number(after word: String, in line: String) -> Double? {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(where: { $0 == word }), words.indices.contains(index + 1) else { return nil }
        return Double(words[index + 1])
    }
}
