import Foundation
import TestSupport
import Testing

@Suite struct MemoryTests {
    /// A leak of a tensor a step would be seen: the smallest activations here are 8 KiB, and 120 steps follow the first
    /// quarter.
    @Test func residentMemoryIsFlatFromAQuarterOn() throws {
        let world = try SmallWorld()
        let outcome = try world.train("run", "--set", "steps=160", "--set", "checkpoint.every=40")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: world.run() + "/metrics.jsonl", encoding: .utf8).split(separator: "\n")
        let resident = try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(object?["resident_bytes"] as? Int)
        }
        #expect(resident.count == 160)
        let quarter = resident[40], last = try #require(resident.last)
        #expect(last - quarter < 1 << 20, "\(quarter) bytes at a quarter, \(last) at the end")
    }
}
