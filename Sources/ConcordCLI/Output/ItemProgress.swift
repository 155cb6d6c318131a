import Foundation

/// How far a command over many items is: a line on a terminal that is written over, nothing elsewhere.
final class ItemProgress {
    private let total: Int
    private let unit: String
    private let start = ContinuousClock.now
    private var shown: ContinuousClock.Instant?
    private let isVisible: Bool

    /// - Parameter isShown: false shows nothing.
    init(total: Int, unit: String, isShown: Bool = true) {
        (self.total, self.unit) = (total, unit)
        isVisible = isShown && isatty(STDERR_FILENO) == 1
    }

    /// - Parameter done: items so far, readable or not.
    func update(_ done: Int) {
        let now = ContinuousClock.now
        guard isVisible, shown.map({ now - $0 > .milliseconds(200) }) ?? true else { return }
        shown = now
        let rate = Double(done) / max(1e-3, (now - start).seconds)
        let left = Duration.seconds(Double(total - done) / max(1e-9, rate))
        StandardError.write("\r\u{1B}[K\(done) of \(total) \(unit)  \(Self.text(rate)) \(unit)/s  \(left.clock) left")
    }

    /// Removes the line.
    func finish() { if shown != nil { StandardError.write("\r\u{1B}[K") } }

    /// For the totals: items a second and the time taken.
    var summary: String {
        let seconds = (ContinuousClock.now - start).seconds
        return "\(Duration.seconds(seconds).clock), \(Self.text(Double(total) / max(1e-3, seconds))) \(unit)/s"
    }

    private static func text(_ rate: Double) -> String { String(format: rate < 10 ? "%.2g" : "%.0f", rate) }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + 1e-18 * Double(components.attoseconds) }

    /// `1:02:03`.
    fileprivate var clock: String {
        let all = Int(clamping: components.seconds), hours = all / 3600
        return (hours > 0 ? "\(hours):" : "")
            + String(format: hours > 0 ? "%02d:%02d" : "%d:%02d", all / 60 % 60, all % 60)
    }
}
