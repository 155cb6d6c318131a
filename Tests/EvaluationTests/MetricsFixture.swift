import ConcordTensors
import TestSupport
import Testing

/// The arrays of `Tests/Fixtures/metrics.py` and what scikit-learn says of them.
enum MetricsFixture {
    static var file: Fixture { Fixture("metrics") }

    static func hashed(_ name: String, _ count: Int) -> [Double] {
        TestSupport.hashed(name, [count]).scalars.map(Double.init)
    }

    /// Class numbers in `0 ..< below`.
    static func integers(_ name: String, _ count: Int, below: Int) -> [Int] {
        hashed(name, count).map { min(below - 1, max(0, Int((($0 + 1) / 2 * Double(below)).rounded(.down)))) }
    }

    /// In `0 ... 2`, every fifth 0.
    static func weights(_ name: String, _ count: Int) -> [Double] {
        hashed(name, count).enumerated().map { $0.offset % 5 == 0 ? 0 : $0.element + 1 }
    }

    static func numbers(_ name: String) -> [Double] { file[name].scalars.map(Double.init) }

    static func rows(_ name: String) -> [[Double]] {
        let width = file[name].shape.last ?? 1, all = numbers(name)
        return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
    }

    /// Compares with the fixture to 1e-6; -1 there is a value that is absent here.
    static func expect(
        _ values: [Double?], _ name: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        compare(values, numbers(name), name, sourceLocation)
    }

    static func compare(
        _ values: [Double?], _ wanted: [Double], _ name: String, _ sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(values.count == wanted.count, "\(name)", sourceLocation: sourceLocation)
        for (value, wanted) in zip(values, wanted) {
            #expect(
                abs((value ?? -1) - wanted) <= 1e-6 * max(1, abs(wanted)),
                "\(name): \(value.map { "\($0)" } ?? "nil"), \(wanted) wanted", sourceLocation: sourceLocation)
        }
    }
}
