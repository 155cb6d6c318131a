/// What stands against a measurement.
enum BenchError: Error, CustomStringConvertible {
    case unknownWorkload(String)
    case failed(command: String, status: Int32, message: String)
    case unreadable(command: String, output: String)
    case otherModel(workload: String, own: Int, baseline: Int)
    case otherLosses(workload: String, own: [Float], baseline: [Float])

    var description: String {
        switch self {
        case .unknownWorkload(let name):
            "no workload \"\(name)\"; there are \(Workloads.all.map { $0.name }.joined(separator: ", "))"
        case .failed(let command, let status, let message): "\(command) ended with status \(status): \(message)"
        case .unreadable(let command, let output): "\(command) printed what cannot be read: \(output)"
        case .otherModel(let workload, let own, let baseline):
            "\(workload): \(own) parameters here, \(baseline) in PyTorch's"
        case .otherLosses(let workload, let own, let baseline):
            "\(workload): three losses from the same weights are \(own) here, \(baseline) in PyTorch's"
        }
    }
}
