import Concord

/// The kernels in use, as `concord doctor` names them.
enum Kernels {
    static var description: String {
        let report = Dictionary(Processor.report().map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        return "matmuls by \(report["matrix products"] ?? "?"); convolutions by \(report["convolutions"] ?? "?")"
    }
}
