import ArgumentParser
import Concord
import Foundation

struct RecipesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes",
        abstract: "Lists the built-in recipes, prints one to start from, and explains every key.",
        subcommands: [List.self, Show.self, Keys.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The built-in recipes and where their data come from.")
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable { let name, summary, data: String }

        func run() throws {
            if json {
                try print(encoded(Recipe.builtIn.map { Line(name: $0.name, summary: $0.summary, data: $0.data) }))
                return
            }
            let width = Recipe.builtIn.map(\.name.count).max() ?? 0
            for recipe in Recipe.builtIn {
                let name = recipe.name + String(repeating: " ", count: width - recipe.name.count)
                print("\(name)  \(recipe.summary)\n\(String(repeating: " ", count: width))  data: \(recipe.data)")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints a recipe as commented YAML, to be saved, changed and trained.",
            discussion: "concord recipes show pairs > mine.yaml")
        @Argument(help: "A built-in recipe, or a recipe file.") var name: String
        @Option(name: .customLong("set"), help: "key=value: overrides one key.") var overrides: [String] = []

        func run() throws {
            let recipe = try Recipe(named: name, overrides: overrides)
            if let known = Recipe.builtIn.first(where: { $0.name == name }) {
                print("# \(known.name): \(known.summary)\n# Data: \(known.data)")
            }
            print(recipe.commentedYAML, terminator: "")
        }
    }

    struct Keys: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Every key of every kind of recipe: type, range, default, meaning, and what it depends on.")
        @Argument(help: "Only keys whose path contains this.") var part: String?
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable {
            let path, type: String
            let range: String?
            let `default`: String?
            let defaults: [DocumentedKey.OtherDefault]
            let meaning: String
            let conditions: [String]
        }

        func run() throws {
            let keys = Recipe.documentedKeys().filter { key in part.map(key.key.path.contains) ?? true }
            if json {
                try print(
                    encoded(
                        keys.map { key in
                            Line(
                                path: key.key.path, type: key.key.kind.rawValue,
                                range: key.key.range.isEmpty ? nil : key.key.range,
                                default: key.key.defaultValue, defaults: key.otherDefaults, meaning: key.key.meaning,
                                conditions: key.conditions)
                        }))
                return
            }
            for key in keys { print(text(key)) }
        }

        private func text(_ key: DocumentedKey) -> String {
            let type = key.key.kind.rawValue + (key.key.range.isEmpty ? "" : " " + key.key.range)
            func shown(_ value: String?) -> String { value.map { $0.isEmpty ? "empty" : $0 } ?? "none" }
            let others = key.otherDefaults.map { ", \(shown($0.value)) where \($0.condition)" }.joined()
            var lines = [
                "\(key.key.path): \(type); default \(shown(key.key.defaultValue))\(others)", "    \(key.key.meaning)",
            ]
            if !key.conditions.isEmpty { lines.append("    Only where \(key.conditions.joined(separator: ", and "))") }
            return lines.joined(separator: "\n")
        }
    }
}

private func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
