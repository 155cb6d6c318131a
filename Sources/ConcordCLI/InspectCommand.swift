import ArgumentParser
import Concord
import Foundation

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Lists the parameters, shapes, sizes and metadata of a run or a safetensors file.")

    @Argument(help: "A run directory or a safetensors file.") var path: String

    func run() throws {
        let file = try RunDirectory.weights(at: path)
        let tensors = try Safetensors(path: file)
        print(file)
        for (key, value) in tensors.metadata.sorted(by: { $0.key < $1.key }) { print("  \(key): \(value)") }
        let rows = tensors.names.map { name in (name: name, type: tensors.storedType(of: name) ?? "", shape: tensors.shape(of: name) ?? []) }
        let width = rows.map(\.name.count).max() ?? 0
        for row in rows { print("  \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.type)  \(row.shape)") }
        let values = rows.reduce(0) { $0 + $1.shape.reduce(1, *) }
        print("\(rows.count) tensors, \(values) values, \(bytes(try size(of: file)))")
    }

    private func size(of path: String) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber
        return size?.intValue ?? 0
    }
}
