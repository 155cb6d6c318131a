import ConcordTraining
import Testing

struct ScheduleTests {
    /// `peers/torch_emoji_clip.py`: `min(1, (step + 1) / warm) if step < warm else 0.5 (1 + cos(pi (step - warm) /
    /// (total - warm)))`.
    @Test func cosineFollowsThePeersFormula() {
        let schedule = Schedule.cosine(warmup: 4, total: 12)
        let expected = [
            0.25, 0.5, 0.75, 1.0, 1.0, 0.9619397662556434, 0.8535533905932737, 0.6913417161825449, 0.5,
            0.3086582838174551,
            0.1464466094067263,
            0.03806023374435663, 0, 0,
        ]
        for (step, factor) in expected.enumerated() {
            #expect(abs(schedule.factor(at: step) - factor) < 1e-12, "step \(step)")
        }
    }

    @Test func theFloorIsWhereTheCosineEnds() {
        let schedule = Schedule.cosine(total: 10, floor: 0.1)
        #expect(schedule.factor(at: 0) == 1)
        #expect(abs(schedule.factor(at: 5) - 0.55) < 1e-12)
        #expect(abs(schedule.factor(at: 10) - 0.1) < 1e-12)
        #expect(abs(schedule.factor(at: 99) - 0.1) < 1e-12)
    }

    @Test func linearFallsToZero() {
        let schedule = Schedule.linear(warmup: 2, total: 6)
        #expect((0..<8).map { schedule.factor(at: $0) } == [0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0])
    }

    @Test func constantStaysAfterItsWarmUp() {
        #expect((0..<4).map { Schedule.constant(warmup: 2).factor(at: $0) } == [0.5, 1, 1, 1])
        #expect(Schedule.constant().factor(at: 0) == 1)
    }

    @Test(arguments: [
        ("text.*", "text.a.b", true), ("*.bias", "a.b.bias", true), ("*.bias", "bias", false), ("a?c*e", "abcde", true),
        ("", "", true), ("*", "", true), ("a*b*c", "axbxbxc", true), ("text", "text.a", false), ("a*b", "axbx", false),
    ])
    func patternsMatchWholePaths(pattern: String, path: String, fits: Bool) {
        #expect(PathPattern(pattern).matches(path) == fits)
    }

    @Test func timeLeftReadsAsAClock() {
        #expect(
            [0, 59.6, 151, 3751, -3, .infinity].map { ProgressMeter.duration($0) } == [
                "0:00", "1:00", "2:31", "1:02:31", "0:00", "277777:46:40",
            ])
    }
}
