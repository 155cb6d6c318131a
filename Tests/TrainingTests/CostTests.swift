import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// The counters of energy, of which a test makes its own tree.
struct EnergyTests {
    private let folder = TemporaryFolder()

    private func domain(_ name: String, _ title: String, energy: String, range: String = "1000000000") throws {
        try folder.write(title + "\n", to: "\(name)/name")
        try folder.write(energy + "\n", to: "\(name)/energy_uj")
        try folder.write(range + "\n", to: "\(name)/max_energy_range_uj")
    }

    @Test func packagesAddUpAndTheirPartsAreNotCountedTwice() throws {
        try domain("intel-rapl:0", "package-0", energy: "1000000")
        try domain("intel-rapl:0:0", "core", energy: "5")
        try domain("intel-rapl:1", "package-1", energy: "7000000")
        try domain("intel-rapl:2", "psys", energy: "0")
        try domain("intel-rapl-mmio:0", "package-0", energy: "0")
        try folder.write("1", to: "intel-rapl/enabled")
        let meter = EnergyMeter(root: folder.path)
        #expect(meter.absence == nil && meter.joules == 0)
        try domain("intel-rapl:0", "package-0", energy: "3500000")
        try domain("intel-rapl:0:0", "core", energy: "2000005")
        try domain("intel-rapl:1", "package-1", energy: "7250000")
        try domain("intel-rapl:2", "psys", energy: "9000000")
        try domain("intel-rapl-mmio:0", "package-0", energy: "8000000")
        #expect(try abs(#require(meter.joules) - 2.75) < 1e-9)
        #expect(try abs(#require(meter.joules) - 2.75) < 1e-9, "reading again adds nothing")
    }

    @Test func aCounterThatStartedOverGoesOn() throws {
        try domain("intel-rapl:0", "package-0", energy: "262143000000", range: "262143328850")
        let meter = EnergyMeter(root: folder.path)
        try domain("intel-rapl:0", "package-0", energy: "500000", range: "262143328850")
        #expect(try abs(#require(meter.joules) - 0.82885) < 1e-9)
        try domain("intel-rapl:0", "package-0", energy: "900000", range: "262143328850")
        #expect(try abs(#require(meter.joules) - 1.22885) < 1e-9)
    }

    @Test func whyThereIsNoEnergyIsSaid() throws {
        let none = EnergyMeter(root: folder.file("nowhere"))
        #expect(none.joules == nil)
        #expect(
            none.absence == "\(folder.file("nowhere")): this machine or container shows no RAPL counters")
        try folder.write("1", to: "dtpm/enabled")
        #expect(EnergyMeter(root: folder.path).absence?.hasSuffix("no intel-rapl package among its domains") == true)
        try folder.write("package-0", to: "intel-rapl:0/name")
        let missing = EnergyMeter(root: folder.path)
        #expect(missing.joules == nil)
        #expect(missing.absence == "\(folder.file("intel-rapl:0/energy_uj")): No such file or directory")
        try folder.write("many", to: "intel-rapl:0/energy_uj")
        #expect(EnergyMeter(root: folder.path).absence?.hasSuffix("energy_uj: no whole number in it") == true)
        if getuid() != 0 {
            #expect(chmod(folder.file("intel-rapl:0/energy_uj"), 0) == 0)
            #expect(EnergyMeter(root: folder.path).absence?.hasSuffix("energy_uj: Permission denied") == true)
        }
    }
}

struct ProcessUsageTests {
    @Test func theKernelsTablesAreRead() throws {
        let folder = TemporaryFolder()
        try folder.write("Name:\tconcord\nVmPeak:\t  900 kB\nVmHWM:\t    512 kB\nThreads:\t3\n", to: "status")
        try folder.write("rchar: 11\nwchar: 22\nsyscr: 1\nread_bytes: 33\nwrite_bytes: 44\n", to: "io")
        let usage = ProcessUsage.now(process: folder.path)
        #expect(usage.peakResidentBytes == 512 << 10)
        #expect(usage.bytesRead == 11 && usage.bytesWritten == 22)
        #expect(usage.storageBytesRead == 33 && usage.storageBytesWritten == 44)
        let empty = ProcessUsage.now(process: folder.file("nothing"))
        #expect(empty.peakResidentBytes == 0 && empty.bytesRead == 0)
    }

    @Test func whatThisProcessDoesIsCounted() throws {
        let folder = TemporaryFolder(), before = ProcessUsage.now()
        try folder.write([UInt8](repeating: 1, count: 3 << 20), to: "file")
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("file"))).count == 3 << 20)
        let started = ContinuousClock.now
        var sum = 0.0
        while ContinuousClock.now - started < .milliseconds(60) { sum += sum.squareRoot() + 1 }
        let after = ProcessUsage.now()
        #expect(sum > 0 && after.processorSeconds - before.processorSeconds > 0.03)
        #expect(after.bytesWritten - before.bytesWritten >= 3 << 20)
        #expect(after.bytesRead - before.bytesRead >= 3 << 20)
        #expect(after.peakResidentBytes > 10 << 20)
    }
}

struct RunCostTests {
    private func cost(steps: Int = 3, wall: Double = 8, joules: Double? = 40) -> RunCost {
        var cost = RunCost()
        cost.steps = steps
        (cost.multiplyAdds.convolution, cost.multiplyAdds.attention) = (5_000_000_000, 7)
        (cost.stepSeconds, cost.wallSeconds, cost.processorSeconds) = (4, wall, 15.5)
        (cost.joules, cost.peakResidentBytes) = (joules, 123_456)
        (cost.bytesRead, cost.bytesWritten, cost.storageBytesRead, cost.storageBytesWritten) = (1, 2, 3, 4)
        return cost
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        var without = cost(joules: nil)
        #expect(RunCost(json: cost().json.utf8) == cost() && RunCost(json: cost().file.utf8) == cost())
        #expect(RunCost(json: without.json.utf8) == without && !without.json.contains("joules"))
        without.energyAbsence = "no \"file\""
        #expect(RunCost(json: without.file.utf8) == without)
        #expect(RunCost(json: "{\"steps\":3}".utf8) == nil)
        #expect(abs(try #require(cost().gigaflopsPerSecond) - 2.5000000035) < 1e-9)
        #expect(RunCost().gigaflopsPerSecond == nil)
    }

    @Test func aMeterGoesOnFromTheLaterOfTwoEarlierPartsAndNotOnceItRuns() throws {
        let meter = CostMeter(energy: EnergyMeter(root: "/nowhere"))
        meter.goOn(from: cost(steps: 4, wall: 9))
        meter.goOn(from: cost())
        let sum = meter.cost
        #expect(sum.steps == 4 && sum.multiplyAdds == cost().multiplyAdds)
        #expect(sum.wallSeconds > 9 && sum.wallSeconds < 60 && sum.processorSeconds >= 15.5)
        #expect(sum.joules == nil && sum.energyAbsence == "/nowhere: this machine or container shows no RAPL counters")
        #expect(sum.peakResidentBytes > 123_456)
    }

    @Test func energyIsTheSumOfPartsThatAllHaveIt() throws {
        let folder = TemporaryFolder()
        try folder.write("package-0", to: "intel-rapl:0/name")
        try folder.write("1000000", to: "intel-rapl:0/energy_uj")
        func meter() -> CostMeter { CostMeter(energy: EnergyMeter(root: folder.path)) }
        let new = meter(), later = meter(), mixed = meter()
        later.goOn(from: cost())
        mixed.goOn(from: cost(joules: nil))
        try folder.write("3000000", to: "intel-rapl:0/energy_uj")
        #expect(new.cost.joules == 2 && later.cost.joules == 42 && mixed.cost.joules == nil)
        #expect(mixed.cost.energyAbsence == "an earlier part of the run had no energy counters")
    }
}

/// What a run's log says of its costs.
struct LoggedCostTests {
    /// Of a step of `TinyObjective` on 4 points: `[4, 6] [8, 6]ᵀ` without the points' gradient, `[4, 8] [1, 8]ᵀ` with.
    private let perStep = 2 * 4 * 6 * 8 + 3 * 4 * 8

    private func costs(_ run: Run) throws -> [[String: Any]] {
        try run.lines.map { try #require($0["cost"] as? [String: Any]) }
    }

    private func matmuls(_ cost: [String: Any]) -> Int { (cost["multiply_adds"] as? [String: Int])?["matmul"] ?? -1 }

    @Test func everyLineHasTheStepsProductsAndTheRunsSums() throws {
        let run = Run(), trainer = run.trainer()
        try trainer.train(on: points(of: 4), steps: 10)
        for line in try run.lines {
            #expect(
                line["multiply_adds"] as? [String: Int]
                    == ["convolution": 0, "matmul": perStep, "attention": 0, "recurrent": 0])
        }
        for (place, cost) in try costs(run).enumerated() {
            #expect(cost["steps"] as? Int == place + 1 && matmuls(cost) == (place + 1) * perStep)
        }
        for key in [
            "step_seconds", "wall_seconds", "processor_seconds", "peak_resident_bytes", "bytes_read", "bytes_written",
            "storage_bytes_read", "storage_bytes_written",
        ] {
            let values = try costs(run).map { try #require($0[key] as? Double, "\(key)") }
            #expect(values == values.sorted() && values[0] >= 0, "\(key)")
        }
        let last = try #require(costs(run).last)
        #expect(try #require(last["peak_resident_bytes"] as? Int) > 10 << 20)
        #expect(last["joules"] != nil || trainer.cost.cost.energyAbsence != nil)
        #expect(trainer.cost.cost.steps == 10 && trainer.cost.cost.multiplyAdds.matmul == 10 * perStep)
    }

    @Test func evaluationsAreNotInAStepsProducts() throws {
        var run = Run()
        let x = hashed("x", [50, 50])
        run.evaluation = .every(2) {
            _ = x.matmul(x)
            return []
        }
        try run.trainer().train(on: points(of: 4), steps: 5)
        #expect(
            try run.lines.map { ($0["multiply_adds"] as? [String: Int])?["matmul"] }
                == .init(repeating: perStep, count: 5))
    }

    @Test func anUpdateOfSeveralBatchesCountsAllOfThem() throws {
        let run = Run(accumulate: 3)
        try run.trainer().train(on: points(of: 4), steps: 2)
        #expect(try costs(run).map(matmuls) == [3 * perStep, 6 * perStep])
    }

    @Test func aResumedRunGoesOnWithTheSums() throws {
        let run = Run()
        try run.trainer().train(on: points(of: 4), steps: 6)
        let before = try #require(costs(run).last)
        let second = run.trainer()
        try second.resume(from: run.checkpoints)
        try second.train(on: points(of: 4), steps: 8)
        let after = try costs(run)
        #expect(after.map { $0["steps"] as? Int } == Array(1...8) && after.map(matmuls) == (1...8).map { $0 * perStep })
        let seconds = try after.map { try #require($0["wall_seconds"] as? Double) }
        #expect(try seconds == seconds.sorted() && seconds[6] >= #require(before["wall_seconds"] as? Double))
    }

    @Test func stepsThatAKilledRunLostAreCountedAgain() throws {
        let run = Run(every: 4)
        try run.trainer().train(on: points(of: 4), steps: 4)
        let file = try #require(FileHandle(forWritingAtPath: run.metrics)), lines = try run.lines
        let cost = try #require(lines.last?["cost"] as? [String: Any])
        let old = #""steps":4,"multiply_adds":{"convolution":0,"matmul":\#(4 * perStep)"#
        let lost = try String(contentsOfFile: run.metrics, encoding: .utf8).split(separator: "\n")[3]
            .replacing(#"{"step":4,"#, with: #"{"step":5,"#)
            .replacing(old, with: #""steps":5,"multiply_adds":{"convolution":0,"matmul":\#(5 * perStep)"#)
            .replacing(#""wall_seconds":"#, with: #""wall_seconds":100"#)
        #expect(cost["steps"] as? Int == 4 && lost.contains(#""steps":5"#))
        file.seekToEndOfFile()
        file.write(Data("\(lost)\n{\"step\":6,\"ep".utf8))
        try file.close()
        let second = run.trainer()
        #expect(try second.resume(from: run.checkpoints) == 4)
        try second.train(on: points(of: 4), steps: 6)
        #expect(try run.steps == Array(1...6))
        #expect(try costs(run).map { $0["steps"] as? Int } == [1, 2, 3, 4, 6, 7], "step 5 was made twice")
        #expect(try matmuls(#require(costs(run).last)) == 7 * perStep)
        #expect(try #require(costs(run).last?["wall_seconds"] as? Double) >= 100)
    }

    @Test func aTrainerThatTrainsTwiceCountsEachStepOnce() throws {
        let run = Run(), trainer = run.trainer()
        try trainer.train(on: points(of: 4), steps: 4)
        try trainer.train(on: points(of: 4), steps: 9)
        #expect(try costs(run).map { $0["steps"] as? Int } == Array(1...9))
    }
}
