import COneDNN
import COpenBLAS

/// What a table of kernels was measured on: another processor, other libraries or other methods have other fastest
/// kernels.
package struct KernelMachine: Hashable, Sendable, Codable {
    /// The maker's name with family and model, by which virtual machines call different processors alike.
    package var processor: String
    /// The widest instruction set that oneDNN may use.
    package var instructions: String
    package var oneDNN: String
    /// With the name of its kernels.
    package var openBLAS: String
    /// The methods for convolutions and the routes of matrix products that are compiled in.
    package var methods: [String]

    /// This one.
    package static let current: KernelMachine = {
        let version = dnnl_version().pointee
        // "OpenBLAS 0.3.21 …"
        let openBLAS = String(cString: openblas_get_config()).split(separator: " ").dropFirst().first ?? "unknown"
        return KernelMachine(
            processor: Processor.name, instructions: Processor.instructionSet,
            oneDNN: "\(version.major).\(version.minor).\(version.patch)",
            openBLAS: "\(openBLAS) \(Processor.openBLASCore)",
            methods: ConvolutionPlan.methods + GEMM.Route.allCases.map(\.rawValue))
    }()

    /// Of the file of its table: `kernels-amd-epyc-family-25-model-17-….json`. Methods are not in it.
    package var fileName: String {
        let words = "\(processor) \(instructions) onednn \(oneDNN) openblas \(openBLAS)".lowercased()
        let parts = words.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".")) }
        return "kernels-" + parts.joined(separator: "-") + ".json"
    }

    /// The first thing that differs from this machine's, in words; nil where nothing does.
    package func difference(from other: KernelMachine) -> String? {
        let pairs = [
            (processor, other.processor), (instructions, other.instructions),
            ("oneDNN \(oneDNN)", "oneDNN \(other.oneDNN)"), ("OpenBLAS \(openBLAS)", "OpenBLAS \(other.openBLAS)"),
        ]
        if let (own, others) = pairs.first(where: { $0.0 != $0.1 }) { return "\(own), not \(others)" }
        return methods == other.methods ? nil : "other methods than this version's"
    }
}
