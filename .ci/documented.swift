// Names the public declarations of a symbol graph that have no documentation: swift documented.swift GRAPH
//
// What takes its documentation from a protocol's requirement is passed over, and so is what the compiler writes.
import Foundation

struct Graph: Decodable {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Location: Decodable {
            struct Position: Decodable { let line: Int }
            let uri: String
            let position: Position
        }
        struct Comment: Decodable {}

        let identifier: Identifier
        let pathComponents: [String]
        let docComment: Comment?
        let location: Location?
    }

    struct Relationship: Decodable {
        struct Origin: Decodable {}

        let source: String
        let sourceOrigin: Origin?
    }

    let symbols: [Symbol]
    let relationships: [Relationship]
}

let graph = try JSONDecoder().decode(
    Graph.self, from: Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1])))
let witnesses = Set(graph.relationships.filter { $0.sourceOrigin != nil }.map(\.source))
let here = FileManager.default.currentDirectoryPath + "/"
let lines = graph.symbols.compactMap { symbol -> String? in
    guard symbol.docComment == nil, !witnesses.contains(symbol.identifier.precise) else { return nil }
    let name = symbol.pathComponents.joined(separator: ".")
    guard let location = symbol.location else { return "\(name): not documented" }
    let path = (URL(string: location.uri)?.path ?? location.uri).replacingOccurrences(of: here, with: "")
    return "\(path):\(location.position.line + 1): \(name) is public and not documented"
}
for line in lines.sorted() { print(line) }
print("\(graph.symbols.count - lines.count) of \(graph.symbols.count) public declarations are documented")
exit(lines.isEmpty ? 0 : 1)
