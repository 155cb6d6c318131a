import ConcordTensors
import TestSupport

/// The samples of `Tests/Fixtures/probes.py`.
enum ProbeSamples {
    static let classes = 6, width = 24
    static let training = samples("probes.training", 1200), test = samples("probes.test", 800)
    static var fixture: Fixture { Fixture("probes") }

    private static func samples(_ name: String, _ count: Int) -> (features: Tensor, labels: [Int]) {
        let labels = (0..<count).map { $0 * $0 / 3 % 13 % classes }
        let centers = hashed("probes.centers", [classes, width]) * 0.6
        let own = centers.gathered(at: Tensor(labels.map(Int32.init), shape: [count]))
        return (hashed("\(name).x", [count, width]) + own, labels)
    }

    static func values(_ name: String) -> [Double] { fixture[name].scalars.map(Double.init) }

    static func accuracy(_ predicted: [Int]) -> Double {
        Double(zip(predicted, test.labels).filter { $0 == $1 }.count) / Double(test.labels.count)
    }

    /// Numbers of two features and noise.
    static func targets(_ features: Tensor, _ noise: String) -> [Double] {
        let x = features.scalars, noise = hashed(noise, [features.shape[0]]).scalars
        return noise.indices.map { 3 + Double(x[$0 * width]) - 2 * Double(x[$0 * width + 5]) + 0.5 * Double(noise[$0]) }
    }
}
