// Writes the Swift snippets of doc comments as one file to compile: swift snippets.swift OUTPUT
//
// Each snippet of `Sources` becomes a function of its own. The names that it uses and does not declare are in
// `.ci/snippets/Context.swift`, and those of one source file alone in `.ci/snippets/NAME.swift`, whose lines are put in
// front of that file's snippets. Extensions go to the top level. So does the code of the article on methods.
import Foundation

let root = FileManager.default.currentDirectoryPath
let sources = FileManager.default.enumerator(atPath: root + "/Sources")!.compactMap { $0 as? String }
var output = ""
for module in ["Files", "Tensors", "Communication", "Layers", "Encoders", "Objectives", "Interchange", "Evaluation", "Tokenizers", "Datasets"]
    + ["Training", "Recipes"]
{
    output += "import Concord\(module)\n"
}
output += "import Foundation\n\n"
output += try String(contentsOfFile: root + "/.ci/snippets/Context.swift", encoding: .utf8)

var count = 0
for source in sources.filter({ $0.hasSuffix(".swift") }).sorted() {
    let lines = try String(contentsOfFile: root + "/Sources/" + source, encoding: .utf8)
        .split(separator: "\n", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
    let name = source.split(separator: "/").last.map(String.init) ?? source
    let preamble = (try? String(contentsOfFile: root + "/.ci/snippets/" + name, encoding: .utf8)) ?? ""
    var place = 0
    while place < lines.count {
        guard lines[place] == "/// ```swift" else {
            place += 1
            continue
        }
        var body: [(number: Int, text: String)] = [], extensions: [(number: Int, text: String)] = []
        place += 1
        var isInExtension = false
        while place < lines.count, lines[place] != "/// ```" {
            guard lines[place].hasPrefix("///") else { fatalError("\(source):\(place + 1): a snippet is not closed") }
            let text = String(lines[place].dropFirst(4))
            if text.hasPrefix("extension ") { isInExtension = true }
            if !text.hasPrefix("import ") {
                if isInExtension { extensions.append((place + 1, text)) } else { body.append((place + 1, text)) }
            }
            if text.hasPrefix("}") { isInExtension = false }
            place += 1
        }
        func located(_ lines: [(number: Int, text: String)]) -> String {
            guard let first = lines.first else { return "" }
            return "#sourceLocation(file: \"Sources/\(source)\", line: \(first.number))\n"
                + lines.map(\.text).joined(separator: "\n") + "\n#sourceLocation()\n"
        }
        count += 1
        output += located(extensions) + "func snippet\(count)() async throws {\n" + preamble + located(body) + "}\n\n"
    }
}
// The article whose code is of this kind too: one line for each method.
let article = "Sources/Concord/Concord.docc/Methods.md"
let parts = try String(contentsOfFile: root + "/" + article, encoding: .utf8).components(separatedBy: "```swift\n")
for (number, part) in parts.enumerated().dropFirst() {
    let start = parts[..<number].joined().filter { $0 == "\n" }.count + number + 1
    output += "func article\(number)() async throws {\n#sourceLocation(file: \"\(article)\", line: \(start))\n"
    output += part.components(separatedBy: "\n```")[0] + "\n#sourceLocation()\n}\n\n"
}
try output.write(toFile: CommandLine.arguments[1], atomically: true, encoding: .utf8)
print("\(count) snippets of doc comments")
