import Concord

/// The loss alone: 16384 pairs of 512, which are the parameters.
struct InfoNCE16k: Workload {
    static let name = "infonce-16k"
    static let items = 16384

    private let pairs = FreePairs()

    static var operationCount: OperationCount {
        var count = OperationCount()
        count.contrast(items, items, width: 512, keepsLogits: LogitMemory.limit >= 4 * items * (items + 16))
        return count
    }

    static func ownName(_ name: String) -> String { name }

    init(_ inputs: StepInputs) {}

    var model: any Module { pairs }
    func loss() -> Tensor { pairs() }
}

private final class FreePairs: Module {
    let a = Parameter([InfoNCE16k.items, 512], .normal(std: 1))
    let b = Parameter([InfoNCE16k.items, 512], .normal(std: 1))
    let loss = InfoNCE()

    var checkpointNames: [String: String] { ["loss": ""] }

    func callAsFunction() -> Tensor { loss(a.value, b.value) }
}
