import Concord
import Foundation
import TestSupport
import Testing

struct CostCommandTests {
    @Test func trainSaysWhatTheRunCost() throws {
        let world = try SmallWorld()
        let outcome = try world.train("run", "--set", "steps=4")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = outcome.output.split(separator: "\n").map(String.init)
        let place = try #require(lines.firstIndex { $0.hasPrefix("cost: 4 steps of ") }, "\(outcome.output)")
        #expect(lines[place].contains("convolution ") && lines[place].contains(" GFLOP/s in "))
        #expect(lines[place + 1].contains("by the clock") && lines[place + 1].contains("of memory at most"))
        #expect(
            lines[place + 2].hasPrefix("  energy not measured: /") || lines[place + 2].contains(" J of the machine"))
        #expect(lines.last?.hasPrefix("the run is in ") == true)
    }

    @Test func anEstimateLeavesNoRun() throws {
        let world = try SmallWorld(), directory = world.folder.file("here")
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let tool = CommandLineTool.path
        let outcome = try CommandLineTool.shell(
            "cd '\(directory)' && '\(tool)' train '\(world.recipe)' --data '\(world.data)' --set steps=6 --estimate")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("estimate: ") && outcome.output.contains(" for 6 steps in "))
        #expect(outcome.output.hasSuffix("nothing was written\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        let json = try CommandLineTool.run(
            "train", world.recipe, "--data", world.data, "--set", "steps=6", "--estimate", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["steps"] as? Int == 6 && object?["evaluations"] as? Int == 1)
        #expect(object?["precision"] as? String == Precision.fastest.rawValue)
        #expect(try #require(object?["seconds"] as? Double) > 0)
    }

    @Test func anEstimateTakesNoRun() throws {
        let world = try SmallWorld()
        let out = try world.train("run", "--estimate")
        #expect(out.status == 64 && out.errors.contains("--estimate writes no run"))
    }
}
