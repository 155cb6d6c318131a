package import Concord

/// Two panels of horizontal bars, a bar for each workload and precision: speed over PyTorch's, and memory.
package struct ComparisonChart {
    /// A bar of a panel.
    package struct Bar: Equatable {
        package let workload: String, precision: Precision
        package let ratio: Double
        package let x: Double, y: Double, width: Double
    }

    /// The ratios of one kind, drawn from `x` on.
    package struct Panel {
        package let x: Double, width: Double
        /// The ratio whose bar is as wide as the panel.
        package let maximum: Double
        package var bars: [Bar] = []

        package func length(of ratio: Double) -> Double { ratio / maximum * width }
    }

    /// GitHub shows images of this width in full.
    private static let width = 830.0
    private static let margin = 24.0, top = 148.0, barHeight = 15.0, barGap = 3.0, groupGap = 14.0
    /// For the value at a bar's end.
    private static let valueWidth = 38.0
    private static let ink = "#1f2328", quiet = "#59636e", border = "#d1d9e0", background = "#ffffff"

    private let workloads: ComparedWorkloads
    package private(set) var speed: Panel, memory: Panel

    package init(_ workloads: ComparedWorkloads) {
        self.workloads = workloads
        let labels = 8 * Double(workloads.rows.map(\.name.count).max() ?? 0) + 14  // of a wide font
        let inner = Self.width - 2 * Self.margin - labels - 2 * Self.valueWidth - 30
        let left = Self.margin + labels
        func maximum(_ ratios: [[Precision: Double]]) -> Double { max(1.05, ratios.flatMap(\.values).max() ?? 1) }
        speed = Panel(x: left, width: 0.62 * inner, maximum: maximum(workloads.rows.map(\.speed)))
        memory = Panel(
            x: left + 0.62 * inner + Self.valueWidth + 30, width: 0.38 * inner,
            maximum: maximum(workloads.rows.map(\.memory)))
        for (place, row) in workloads.rows.enumerated() {
            for (index, precision) in workloads.precisions.enumerated() {
                let y = groupTop(place) + Double(index) * (Self.barHeight + Self.barGap)
                func add(_ ratio: Double?, to panel: inout Panel) {
                    guard let ratio else { return }
                    panel.bars.append(
                        Bar(
                            workload: row.name, precision: precision, ratio: ratio, x: panel.x, y: y,
                            width: panel.length(of: ratio)))
                }
                add(row.speed[precision], to: &speed)
                add(row.memory[precision], to: &memory)
            }
        }
    }

    private var groupHeight: Double {
        Double(workloads.precisions.count) * (Self.barHeight + Self.barGap) - Self.barGap
    }
    private var bottom: Double { groupTop(workloads.rows.count) - Self.groupGap }

    private func groupTop(_ place: Int) -> Double {
        let mean = workloads.rows.firstIndex { $0.name == ComparedWorkloads.meanName } ?? .max
        return Self.top + Double(place) * (groupHeight + Self.groupGap) + (place < mean ? 0 : 8)
    }

    /// The drawing as SVG, on a background of its own.
    package var svg: String {
        let height = bottom + 40
        var svg = SVG(
            width: Self.width, height: height,
            title: "Training steps of Concord against PyTorch: \(workloads.machine); \(workloads.versions)")
        svg.rectangle(
            x: 0.5, y: 0.5, width: Self.width - 1, height: height - 1, fill: Self.background, radius: 6,
            stroke: Self.border)
        svg.text(
            "Training steps against PyTorch's best mode", x: Self.margin, y: 36, size: 18, fill: Self.ink, isBold: true)
        svg.text(workloads.machine, x: Self.margin, y: 58, size: 13, fill: Self.quiet)
        svg.text(workloads.versions, x: Self.margin, y: 76, size: 13, fill: Self.quiet)
        drawLegend(&svg)
        draw(speed, "PyTorch's time / Concord's", "above 1 Concord is faster", &svg)
        draw(memory, "Concord's memory / PyTorch's", "below 1 it needs less", &svg)
        for (place, row) in workloads.rows.enumerated() {
            svg.text(
                row.name, x: speed.x - 12, y: groupTop(place) + groupHeight / 2 + 4.5, size: 13, fill: Self.ink,
                anchor: .end, isBold: row.name == ComparedWorkloads.meanName)
        }
        return svg.description
    }

    private func drawLegend(_ svg: inout SVG) {
        var x = Self.width - Self.margin - 92 * Double(workloads.precisions.count)
        for precision in workloads.precisions {
            svg.rectangle(x: x + 8, y: 25, width: 12, height: 12, fill: Self.color(precision), radius: 2)
            svg.text(precision.rawValue, x: x + 26, y: 36, size: 13, fill: Self.ink)
            x += 92
        }
    }

    private func draw(_ panel: Panel, _ heading: String, _ meaning: String, _ svg: inout SVG) {
        guard !panel.bars.isEmpty else { return }
        svg.text(heading, x: panel.x, y: Self.top - 38, size: 13, fill: Self.ink, isBold: true)
        svg.text(meaning, x: panel.x, y: Self.top - 20, size: 12, fill: Self.quiet)
        for bar in panel.bars {
            svg.rectangle(
                x: bar.x, y: bar.y, width: bar.width, height: Self.barHeight, fill: Self.color(bar.precision),
                radius: 2)
        }
        let one = panel.x + panel.length(of: 1)
        svg.verticalLine(x: one, from: Self.top - 8, to: bottom + 8, stroke: Self.ink)
        svg.text("1", x: one, y: bottom + 22, size: 12, fill: Self.quiet, anchor: .middle)
        for bar in panel.bars {
            svg.text(
                bar.ratio.decimals(2), x: bar.x + bar.width + 6, y: bar.y + 12, size: 12.5, fill: Self.ink,
                halo: Self.background)
        }
    }

    private static func color(_ precision: Precision) -> String {
        switch precision {
        case .float32: "#6e9bd1"
        case .bfloat16: "#1f4e8c"
        }
    }
}
