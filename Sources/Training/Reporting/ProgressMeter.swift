#if canImport(Glibc)
    import Glibc
#endif

/// Shows the progress of long work.
///
/// On a terminal it draws a bar on standard error, as wide as the terminal, at most ten times a second. Where standard
/// output or standard error is a pipe or a file it prints a plain line to standard output every few seconds instead.
/// Where the pipe is closed (`concord train … | head`) it reports that on standard error and prints nothing more; the
/// work continues.
public final class ProgressMeter {
    /// How progress is shown.
    public enum Style: Sendable {
        /// A bar on a terminal, lines elsewhere.
        case automatic
        /// A bar that is drawn again.
        case bar
        /// A line now and then.
        case lines
        /// Nothing.
        case silent
    }

    private let total: Int
    private let unit: String
    private var style: Style
    private let started = ContinuousClock.now
    private var shown: ContinuousClock.Instant?
    private var last = ContinuousClock.now
    /// When the steps that the next update reports ended; nil: as it reports them.
    private var ended: ContinuousClock.Instant?
    /// Moving averages over about ten seconds.
    private var secondsPerStep = 0.0, itemsPerSecond = 0.0
    private var done: Int
    private var bar = ""

    /// - Parameters:
    ///   - total: number of steps; 0 where it is unknown.
    ///   - done: steps that were made before.
    ///   - unit: the name of what `items` counts.
    public init(total: Int, done: Int = 0, unit: String = "items", style: Style = .automatic) {
        self.total = total
        self.done = done
        self.unit = unit
        let isTerminal = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        self.style = style == .automatic ? (isTerminal ? .bar : .lines) : style
    }

    /// Reports that `done` steps were made, the last of them with `items`.
    /// - Parameter metrics: shown as they are: `loss 1.234`.
    public func update(_ done: Int, items: Int, _ metrics: @autoclosure () -> String) {
        guard style != .silent else { return }
        note(done, items: items)
        let now = last, isLast = done == total
        let pause = style == .bar ? 0.1 : now - started < .seconds(20) ? 2.0 : 10.0
        if let shown, !isLast, (now - shown).inSeconds < pause { return }
        shown = now
        let text = text(metrics())
        if style == .bar { draw(text) } else { writeLine(text) }
    }

    /// Excludes the time from now to the next update from the speed: the steps that it will report are made, and
    /// something else runs until then.
    public func pauseTime() { ended = .now }

    /// Excludes the time since the last update from the speed: something else ran meanwhile.
    public func skipTime() { (last, ended) = (.now, nil) }

    /// Prints a permanent line, above the bar.
    public func print(_ line: String) {
        guard style != .silent else { return }
        guard style == .bar else { return writeLine(line) }
        writeError("\r\u{1B}[K\(line)\n\(bar)")
    }

    /// Ends the bar's line.
    public func finish() {
        guard style == .bar, !bar.isEmpty else { return }
        writeError("\n")
        bar = ""
    }

    /// `update` without showing anything.
    package func note(_ done: Int, items: Int) {
        let now = ContinuousClock.now, steps = done - self.done
        let seconds = max(1e-9, ((ended ?? now) - last).inSeconds)
        (self.done, last, ended) = (done, now, nil)
        let weight = secondsPerStep == 0 ? 1 : 1 - exp(-seconds / 10)
        secondsPerStep += weight * (seconds / Double(max(1, steps)) - secondsPerStep)
        itemsPerSecond += weight * (Double(items) / max(seconds, 1e-9) - itemsPerSecond)
    }

    /// Items a second, and seconds for what is left of the total, as they are shown.
    package var speed: (rate: Double, secondsLeft: Double) { (itemsPerSecond, Double(total - done) * secondsPerStep) }

    private func text(_ metrics: String) -> String {
        let rate =
            itemsPerSecond < 10 ? "\((itemsPerSecond * 100).rounded() / 100)" : String(Int(min(itemsPerSecond, 1e15)))
        var text = total > 0 ? "\(done)/\(total)" : "\(done)"
        if !metrics.isEmpty { text += "  \(metrics)" }
        text += "  \(rate) \(unit)/s"
        if total > done { text += "  \(Self.duration(speed.secondsLeft)) left" }
        if done == total { text += "  \(Self.duration((last - started).inSeconds))" }
        return text
    }

    /// The bar takes what the metrics leave.
    private func draw(_ text: String) {
        let width = Self.terminalWidth - 1
        var line = String(text.prefix(width))
        let room = min(40, width - line.count - 3)
        if total > 0, room >= 8 {
            let filled = min(room, room * done / total)
            line =
                "[" + String(repeating: "=", count: filled) + String(repeating: " ", count: room - filled) + "] " + line
        }
        bar = line
        writeError("\r\u{1B}[K\(line)")
    }

    private static var terminalWidth: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// `2:31`, `1:02:31`.
    package static func duration(_ seconds: Double) -> String {
        let whole = seconds.isNaN ? 0 : Int(min(max(0, seconds), 1e9).rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let (hours, minutes) = (whole / 3600, whole / 60 % 60)
        return hours > 0 ? "\(hours):\(two(minutes)):\(two(whole % 60))" : "\(minutes):\(two(whole % 60))"
    }

    private func writeLine(_ text: String) {
        fflush(nil)  // what the program printed before comes before
        if Self.put("\(text)\n", to: STDOUT_FILENO) || errno != EPIPE { return }
        style = .silent
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)  // for what the program prints later
        if nowhere >= 0 {
            dup2(nowhere, STDOUT_FILENO)
            close(nowhere)
        }
        writeError("standard output was closed: continuing without printing\n")
    }

    private func writeError(_ text: String) { _ = Self.put(text, to: STDERR_FILENO) }

    private static func put(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in write(descriptor, bytes.baseAddress, bytes.count) } >= 0
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
