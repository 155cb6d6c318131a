import Concord
import Foundation
import TestSupport
import Testing

/// Messages advise what exists: each recipe key and each option that a text of the sources names.
@Suite struct AdviceTests {
    /// The texts between quotes in the sources, without what is interpolated, with the file of each; of the program's
    /// own, not of a tokenizer.json.
    private static func texts() throws -> [(file: String, text: Substring)] {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources").path
        let files = try #require(FileManager.default.enumerator(atPath: sources)).compactMap { $0 as? String }
        var found: [(file: String, text: Substring)] = []
        for file in files
        where file.hasSuffix(".swift") && !file.hasPrefix("ConcordBench") && !file.hasSuffix("TokenizerJSON.swift") {
            let source = try String(contentsOfFile: sources + "/" + file, encoding: .utf8)
            for line in source.split(separator: "\n") where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                let plain = line.replacing("\\\"", with: "”").replacing(
                    /\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/, with: "…")
                let parts = plain.split(separator: "\"", omittingEmptySubsequences: false)
                found += stride(from: 1, to: parts.count, by: 2).map { (file, parts[$0]) }
            }
        }
        return found
    }

    @Test func everyRecipeKeyThatAMessageNamesExists() throws {
        let keys = Recipe.documentedKeys().map(\.key.path)
        let known = Set(keys + keys.flatMap { key in key.indices.filter { key[$0] == "." }.map { String(key[..<$0]) } })
        let pattern =
            /\b(?:data|model|views|objective|optimizer|schedule|checkpoint|evaluate|loader|tokenizer)(?:\.[a-z][a-z_]*)+\b(?!\()/
        let files: Set<String> = ["json", "yaml", "txt", "tsv", "csv", "jsonl", "safetensors"]
        var count = 0
        for (file, text) in try Self.texts() {
            for match in text.matches(of: pattern) {
                let name = String(match.output), last = name.split(separator: ".").last.map(String.init) ?? ""
                guard !files.contains(last) else { continue }
                count += 1
                #expect(known.contains(name), "\(file): \(name) in “\(text)”")
            }
        }
        #expect(count > 40)
    }

    @Test func everyOptionThatAMessageNamesExists() throws {
        let commands = [
            "demo", "train", "evaluate", "probe", "finetune", "classify", "embed", "search", "dedup", "fill", "generate",
            "inspect", "doctor", "tokenizer train",
            "tokenizer encode", "tokenizer decode", "recipes list", "recipes show", "recipes keys",
        ]
        let help = try commands.map {
            try CommandLineTool.run($0.split(separator: " ").map(String.init) + ["--help"]).output
        }.joined()
        let known = Set(help.matches(of: /--[a-z][a-z\-]+/).map { String($0.output) })
        // Options of other programs, in the commands that messages advise.
        let others: Set<String> = ["--write-png", "--help", "--traits", "--map-by", "--mca"]
        for (file, text) in try Self.texts() {
            for match in text.matches(of: /(?:^|[^\w\-])(--[a-z][a-z\-]+)/) {
                let option = String(match.output.1)
                #expect(known.contains(option) || others.contains(option), "\(file): \(option) in “\(text)”")
            }
        }
        #expect(known.count > 20)
    }
}
