import ConcordEvaluation
import ConcordTensors
import Testing

@Suite struct BootstrapTests {
    private let values = MetricsFixture.hashed("bootstrap", 40)

    private func mean(_ samples: [Int]) -> Double { samples.reduce(0) { $0 + values[$1] } / Double(samples.count) }

    @Test func percentilesAreNumpysOverTheSameDraws() throws {
        let bootstrap = Bootstrap(resamples: 200, confidence: 0.9, key: RandomKey(seed: 7))
        let found = try #require(bootstrap.interval(of: 40, mean))
        MetricsFixture.expect([found.lower, found.upper], "bootstrap")
        #expect(found.estimate == mean(Array(0..<40)) && found.resamples == 200 && found.undefined == 0)
        #expect(bootstrap.interval(of: 40, mean) == found)
        let other = Bootstrap(resamples: 200, confidence: 0.9, key: RandomKey(seed: 8)).interval(of: 40, mean)
        #expect(other != found)
    }

    @Test func strataKeepTheirSizes() throws {
        let strata = (0..<40).map { $0 % 3 / 2 }
        let bootstrap = Bootstrap(resamples: 200, key: RandomKey(seed: 7), strata: strata)
        let found = try #require(bootstrap.interval(of: 40, mean))
        MetricsFixture.expect([found.lower, found.upper], "bootstrap.stratified")
        for resample in [0, 199] {
            #expect(bootstrap.samples(resample, of: 40).map { strata[$0] } == strata)
        }
    }

    @Test func resamplesThatDoNotDefineTheMetricAreCounted() throws {
        // Without sample 0 there is nothing to measure: (1 - 1/10)^10 = 0.349 of the resamples.
        let bootstrap = Bootstrap(resamples: 1000, key: RandomKey(seed: 3))
        let found = try #require(bootstrap.interval(of: 10) { $0.contains(0) ? Double($0.count { $0 == 0 }) : nil })
        let without = (0..<1000).count { !bootstrap.samples($0, of: 10).contains(0) }
        #expect(found.undefined == without && abs(without - 349) < 60)
        #expect(found.lower == 1 && found.estimate == 1 && found.upper >= 3)
        #expect(bootstrap.interval(of: 10) { _ in nil } == nil && bootstrap.interval(of: 0) { _ in .nan } == nil)
    }
}
