import Concord

/// Two views of 256 images of 32x32 through a ResNet-18 with the CIFAR stem and a projection.
struct SimCLRRN18: Workload {
    static let name = "simclr-rn18"
    static let items = 256

    private let views: Tensor
    private let network = Network()

    static var operationCount: OperationCount {
        var count = OperationCount()
        count.resNet18(count: 2 * items, side: 32, isCIFAR: true)
        count.linear(rows: 2 * items, 512, 512 + 128)
        count.contrast(2 * items, 2 * items, width: 128)
        return count
    }

    static func ownName(_ name: String) -> String {
        PyTorchNames.moved(name, from: "f.", to: "encoder.", PyTorchNames.resNet) ?? PyTorchNames.moved(
            name, from: "g.0.", to: "head.linears.0.")
            ?? PyTorchNames.moved(name, from: "g.2.", to: "head.linears.1.") ?? name
    }

    init(_ inputs: StepInputs) throws { views = try inputs.images("views", count: 2 * Self.items, side: 32) }

    var model: any Module { network }
    func loss() -> Tensor { network(views) }
}

private final class Network: Module {
    let encoder = ResNet(depth: 18, stem: .cifar)
    let head = ProjectionHead(512, hidden: 512, 128)
    let loss = InfoNCE(temperature: .fixed(0.5))

    /// - Parameter views: the first of all images, then the second.
    func callAsFunction(_ views: Tensor) -> Tensor {
        let z = head(encoder(views)), count = z.shape[0] / 2
        return loss.views(z.sliced(0..<count, axis: 0), z.sliced(count..<2 * count, axis: 0))
    }
}
