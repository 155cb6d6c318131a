import Concord
import Foundation
import TestSupport
import Testing

/// `--resume` on other data, or with another tokenizer, than the run was started with.
@Suite(.serialized) struct OtherDataTests {
    private func edit(_ path: String, _ from: String, _ to: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(from))
        try text.replacingOccurrences(of: from, with: to).write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func refused(_ world: SmallWorld, _ words: String...) throws {
        let outcome = try world.train("run", "--resume")
        #expect(outcome.status == 1, "\(outcome.output)")
        for word in words + ["--init \(world.run()) --out"] {
            #expect(outcome.errors.contains(word), "\(outcome.errors)")
        }
    }

    @Test func theSameDataElsewhereAreTheSame() throws {
        let world = try SmallWorld()
        #expect(try world.train().status == 0)
        try FileManager.default.moveItem(atPath: world.data, toPath: world.data + "-moved")
        let outcome = try CommandLineTool.run(
            "train", world.recipe, "--data", world.data + "-moved", "--out", world.run(), "--resume")
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func rowsThatWereChangedAddedOrExchangedAreRefused() throws {
        let world = try SmallWorld()
        #expect(try world.train().status == 0)
        let table = world.data + "/pairs.tsv", original = try String(contentsOfFile: table, encoding: .utf8)
        let trained = (0..<8).filter { !isHeldOut("\($0).jpg") }
        let row = try #require(trained.first), other = try #require(trained.last)
        func line(_ n: Int) -> String { String(original.split(separator: "\n")[n + 1]) }

        try edit(table, " number \(row)\t", " number \(row)x\t")
        try refused(world, "\(table):\(row + 2): its file")
        try original.replacingOccurrences(of: line(row) + "\n", with: "").write(
            toFile: table, atomically: true, encoding: .utf8)
        try refused(world, "\(table) has ", " rows to train on, and the run was trained on ")
        let exchanged = original.replacingOccurrences(of: line(row) + "\n", with: "@\n").replacingOccurrences(
            of: line(other) + "\n", with: line(row) + "\n"
        ).replacingOccurrences(of: "@\n", with: line(other) + "\n")
        try exchanged.write(toFile: table, atomically: true, encoding: .utf8)
        try refused(world, "the rows of \(table) are in another order")
        try original.write(toFile: table, atomically: true, encoding: .utf8)
        #expect(try world.train("run", "--resume").status == 0)
        try Image(width: 40, height: 40, Image.Color(1, 2, 3)).write(jpeg: "\(world.data)/\(row).jpg")
        try refused(world, "\(table):\(row + 2): its file")
    }

    /// Whether the recipe's rule, crc32 modulo 4, holds a file out.
    private func isHeldOut(_ name: String) -> Bool {
        var crc = UInt32.max
        for byte in name.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc % 4 == 0
    }

    @Test func anotherTokenizerUnderTheSameNameIsRefusedByName() throws {
        let world = try SmallWorld()
        let path = world.data + "/vocab.txt"
        var tokens = WordPieceTokenizer.english().tokens((0..<8192).map { Int32($0) })
        func write() throws {
            try tokens.map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
        }
        try write()
        try edit(world.recipe, "english-wordpiece", "vocab.txt")
        #expect(try world.train().status == 0)
        tokens.swapAt(5000, 5001)
        try write()
        let outcome = try world.train("run", "--resume")
        #expect(
            outcome.status == 1 && outcome.errors.contains("tokenizer vocab.txt: is another now"), "\(outcome.errors)")
        try FileManager.default.removeItem(atPath: path)
        #expect(try world.train("run", "--resume").status == 0)  // the run has a copy
        try write()
        try FileManager.default.removeItem(atPath: world.run() + "/tokenizer")
        try FileManager.default.copyItem(atPath: path, toPath: world.run() + "/tokenizer")
        let swapped = try CommandLineTool.run("search", world.run(), "--index", "none", "--text", "x")
        #expect(swapped.status == 1 && swapped.errors.contains("is not the tokenizer that "), "\(swapped.errors)")
    }

    @Test func textFilesOfOtherNamesSizesOrWordsAreRefused() throws {
        let folder = TemporaryFolder(), data = folder.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        func write(_ name: String, _ word: String) throws {
            try String(repeating: "the \(word) sat on the mat\n", count: 80).write(
                toFile: "\(data)/\(name)", atomically: true, encoding: .utf8)
        }
        try write("a.txt", "cat")
        try write("b.txt", "dog")
        let recipe = folder.path + "/text.yaml"
        try """
        steps: 2
        batch: 4
        data: {kind: text, path: .}
        model: {text: {width: 16, depth: 1, heads: 2, context: 8}}
        objective: {name: masked}
        """.write(toFile: recipe, atomically: true, encoding: .utf8)
        func train(_ more: String...) throws -> CommandLineTool.Outcome {
            try CommandLineTool.run(["train", recipe, "--data", data, "--out", folder.path + "/run"] + more)
        }
        func refused(_ words: String) throws {
            let outcome = try train("--resume")
            #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
        }
        #expect(try train().status == 0)
        #expect(try train("--resume").status == 0)
        try write("a.txt", "cow")
        try refused("the text is another than when the run was started, of the same size")
        try write("a.txt", "horse")
        try refused("a.txt: has 2000 bytes, and had 1840")
        try write("a.txt", "cat")
        try write("c.txt", "cat")
        try refused("c.txt: this file was not among the texts")
        try FileManager.default.removeItem(atPath: data + "/c.txt")
        try FileManager.default.removeItem(atPath: data + "/b.txt")
        try refused("b.txt: this file was among the texts when the run was started, and is not now")
    }
}
