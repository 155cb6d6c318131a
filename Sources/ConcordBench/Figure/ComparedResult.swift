import Concord
package import Foundation

/// What the chart takes of one measurement of `compare --json`.
package struct ComparedResult: Decodable {
    let workload: String
    let precision: Precision
    let threads: Int
    let processor: String
    let versions: LibraryVersions
    /// Seconds of PyTorch's fastest mode over Concord's.
    let ratioToBest: Double
    /// Concord's peak memory over PyTorch's; nil where it was not measured.
    let memoryRatio: Double?

    private enum CodingKeys: String, CodingKey {
        case workload, precision, threads, processor, versions, ratioToBest, memoryRatio
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        workload = try container.decode(String.self, forKey: .workload)
        precision = try container.decode(Precision.self, forKey: .precision)
        threads = try container.decode(Int.self, forKey: .threads)
        processor = try container.decode(String.self, forKey: .processor)
        versions = try container.decode(LibraryVersions.self, forKey: .versions)
        guard let ratio = try container.decodeIfPresent(Double.self, forKey: .ratioToBest) else {
            throw DecodingError.dataCorruptedError(
                forKey: .ratioToBest, in: container,
                debugDescription: "there is none: PyTorch ran in none of its modes")
        }
        ratioToBest = try Self.positive(ratio, .ratioToBest, container)
        memoryRatio = try container.decodeIfPresent(Double.self, forKey: .memoryRatio).map {
            try Self.positive($0, .memoryRatio, container)
        }
    }

    private static func positive(
        _ value: Double, _ key: CodingKeys, _ container: KeyedDecodingContainer<CodingKeys>
    ) throws -> Double {
        guard value > 0, value.isFinite else {
            throw DecodingError.dataCorruptedError(forKey: key, in: container, debugDescription: "\(value) is no ratio")
        }
        return value
    }

    /// The measurements of one file.
    /// - Throws: `ChartError` that names the file, and the measurement and key where one is wrong.
    static func read(_ path: String) throws -> [ComparedResult] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ChartError(file: path, "cannot be read")
        }
        return try results(data, of: path)
    }

    /// - Parameter path: the data's name in errors.
    package static func results(_ data: Data, of path: String) throws -> [ComparedResult] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let results: [ComparedResult]
        do { results = try decoder.decode([ComparedResult].self, from: data) } catch let error as DecodingError {
            throw ChartError(file: path, ChartError.reason(of: error))
        }
        guard !results.isEmpty else { throw ChartError(file: path, "holds no measurement") }
        return results
    }
}

/// What is wrong with a file of measurements.
package struct ChartError: Error, CustomStringConvertible {
    package let description: String

    init(file: String, _ message: String) { description = "\(file): \(message)" }

    /// What the file should be, and where it is not.
    fileprivate static func reason(of error: DecodingError) -> String {
        let advice = "the output of concord-bench compare --json is wanted"
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context.codingPath))no \"\(snakeCase(key.stringValue))\"; \(advice), of this version"
        case .valueNotFound(_, let context), .typeMismatch(_, let context):
            return "\(place(context.codingPath))\(context.debugDescription); \(advice)"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "not JSON; \(advice)"
        case .dataCorrupted(let context): return "\(place(context.codingPath))\(context.debugDescription); \(advice)"
        @unknown default: return advice
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        let words = path.map { key in
            key.intValue.map { "measurement \($0 + 1)" } ?? snakeCase(key.stringValue)
        }
        return words.isEmpty ? "" : words.joined(separator: ", ") + ": "
    }

    private static func snakeCase(_ key: String) -> String {
        key.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }
}
