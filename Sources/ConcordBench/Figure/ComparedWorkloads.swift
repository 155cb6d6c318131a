package import Concord

#if canImport(Glibc)
    import Glibc
#endif

/// The measurements of one or more files, workload by workload.
package struct ComparedWorkloads {
    /// A workload's two ratios in each precision that was measured.
    package struct Row: Equatable {
        package let name: String
        /// Seconds of PyTorch's fastest mode over Concord's, by precision.
        package var speed: [Precision: Double]
        /// Concord's peak memory over PyTorch's, by precision.
        package var memory: [Precision: Double]
    }

    /// The name of the row of geometric means.
    static let meanName = "geometric mean"

    /// In the order of the files; the geometric means behind two workloads or more.
    package let rows: [Row]
    /// Those that were measured, float32 first.
    package let precisions: [Precision]
    /// `AMD EPYC 9B45, 2 threads`.
    package let machine: String
    /// `Concord 1.2.0, PyTorch 2.13.0, …`.
    package let versions: String

    /// - Parameter files: the measurements of each file, with its name in errors; of one processor and one set of
    ///   versions, each workload once in a precision.
    /// - Throws: `ChartError` that names the file, and what differs.
    package init(_ files: [(name: String, results: [ComparedResult])]) throws {
        guard let file = files.first, let first = file.results.first else {
            throw ChartError(file: "concord-bench figure", "no measurement was given")
        }
        var rows: [Row] = []
        for (name, results) in files {
            for result in results {
                try Self.requireSame(result, as: first, name, file.name)
                let place = rows.firstIndex { $0.name == result.workload } ?? rows.count
                if place == rows.count { rows.append(Row(name: result.workload, speed: [:], memory: [:])) }
                guard rows[place].speed.updateValue(result.ratioToBest, forKey: result.precision) == nil else {
                    throw ChartError(
                        file: name,
                        "\(result.workload) in \(result.precision.rawValue) was measured twice; give each once")
                }
                rows[place].memory[result.precision] = result.memoryRatio
            }
        }
        precisions = Precision.allCases.filter { precision in rows.contains { $0.speed[precision] != nil } }
        if rows.count > 1 { rows.append(Self.mean(rows, precisions)) }
        self.rows = rows
        machine = "\(first.processor), \(first.threads) thread\(first.threads == 1 ? "" : "s")"
        versions = first.versions.description
    }

    private static func requireSame(
        _ result: ComparedResult, as first: ComparedResult, _ file: String, _ other: String
    ) throws {
        for (key, own, wanted) in [
            ("processor", result.processor, first.processor), ("threads", "\(result.threads)", "\(first.threads)"),
            ("versions", result.versions.description, first.versions.description),
        ] where own != wanted {
            throw ChartError(
                file: file,
                "\(key): \(own), and \(wanted) in \(other); a chart is of measurements that were made alike")
        }
    }

    /// Geometric, of the workloads that have a ratio in both of the precisions or in the only one.
    private static func mean(_ rows: [Row], _ precisions: [Precision]) -> Row {
        func mean(_ ratios: KeyPath<Row, [Precision: Double]>) -> [Precision: Double] {
            let whole = rows.map { $0[keyPath: ratios] }.filter { $0.count == precisions.count }
            guard whole.count > 1 else { return [:] }
            let pairs = precisions.map { precision in
                (precision, exp(whole.reduce(0) { $0 + log($1[precision] ?? 1) } / Double(whole.count)))
            }
            return Dictionary(uniqueKeysWithValues: pairs)
        }
        return Row(name: meanName, speed: mean(\.speed), memory: mean(\.memory))
    }
}
