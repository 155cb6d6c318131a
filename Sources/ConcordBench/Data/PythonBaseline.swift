import Concord
import Foundation

/// `data_speed.py`, and the photographs that it uses.
struct PythonBaseline {
    let python: String, script: String

    /// Rates by name.
    func rates(_ directory: String) throws -> [String: Double] {
        var rates: [String: Double] = [:]
        for line in try Child.output(of: python, [script, directory]).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count > 2, words[words.count - 1].hasSuffix("/s"), let rate = Double(words[words.count - 2])
            else { continue }
            rates[words.dropLast(2).joined(separator: " ")] = rate
        }
        guard !rates.isEmpty else { throw BenchError.unreadable(command: script, output: "no rates") }
        return rates
    }

    /// scikit-learn's two photographs, encoded as `data_speed.py` encodes them.
    func photographs() throws -> [[UInt8]] {
        let directory = NSTemporaryDirectory() + "/concord-bench-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try Child.output(of: python, ["-c", Self.writing, directory])
        return try ["0.jpg", "1.jpg"].map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory + "/" + $0))) }
    }

    private static let writing = """
        import sys
        from PIL import Image
        from sklearn.datasets import load_sample_images
        for i, im in enumerate(load_sample_images().images):
            Image.fromarray(im).save(f"{sys.argv[1]}/{i}.jpg", "JPEG", quality=90)
        """
}
