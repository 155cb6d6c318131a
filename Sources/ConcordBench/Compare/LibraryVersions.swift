import Concord

/// The versions of what is compared, and of the libraries below Concord.
struct LibraryVersions: Codable, Equatable, CustomStringConvertible {
    let concord: String, pytorch: String, onednn: String, openblas: String

    /// Of this program, with that PyTorch.
    init(pytorch: String) {
        /// The word after a library's name.
        func version(_ entry: String) -> String {
            let words = (Self.report[entry] ?? "").split { $0 == " " || $0 == "," }
            return words.count > 1 ? String(words[1]) : "unknown"
        }
        (concord, self.pytorch) = (ConcordRelease.version, pytorch)
        (onednn, openblas) = (version("convolutions"), version("OpenBLAS"))
    }

    /// `Concord 1.2.0, PyTorch 2.13.0, oneDNN 2.6.3, OpenBLAS 0.3.21`.
    var description: String { "Concord \(concord), PyTorch \(pytorch), oneDNN \(onednn), OpenBLAS \(openblas)" }

    /// The processor's name, as the kernel has it.
    static var processor: String { report["processor"] ?? "unknown" }

    private static var report: [String: String] {
        Dictionary(Processor.report().map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}
