import ArgumentParser
import Concord

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Lists the parameters, shapes, sizes and metadata of a run or a safetensors file.")

    @Argument(help: "A run directory or a safetensors file.") var path: String

    func run() throws {
        let file = try RunDirectory.weights(at: path)
        let tensors = try Safetensors(path: file)
        print(file)
        for (key, value) in tensors.metadata.sorted(by: { $0.key < $1.key }) { print("  \(key): \(value)") }
        let rows = try tensors.names.map { name in
            let shape = try tensors.shape(of: name)
            return (name: name, type: try tensors.storedType(of: name), shape: shape, count: shape.reduce(1, *))
        }
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows {
            let name = row.name + String(repeating: " ", count: width - row.name.count)
            print("  \(name)  \(row.type)  \(row.shape)")
        }
        print("\(rows.count) tensors, \(rows.reduce(0) { $0 + $1.count }) values, \(bytes(tensors.byteCount))")
    }
}
