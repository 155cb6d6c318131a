import ConcordEvaluation
import ConcordInterchange
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

/// Inputs of ids: tables of users and items, each with an encoder of its own.
@Suite(.serialized) struct IDInputTests {
    private let folder = TemporaryFolder()

    /// 40 users in four groups; a user has the eight items of the group, and one row in five is held out.
    private func write() throws {
        var rows = "user\titem\n"
        for user in 0..<40 {
            for item in 0..<8 { rows += "u\(user)\ti\(user % 4 * 8 + item)\n" }
        }
        try rows.write(toFile: folder.file("rows.tsv"), atomically: true, encoding: .utf8)
    }

    private static let yaml = """
        steps: 120
        batch: 32
        data:
          path: rows.tsv
          columns: {user: {kind: id}, item: {kind: id}}
          split: {column: [user, item], modulo: 5}
        objective: {name: contrastive, temperature: 0.2, learned: false, head: none}
        model: {dimension: 8, user: {width: 8}, item: {width: 8}}
        optimizer: {learning_rate: 3e-2, weight_decay: 0}
        schedule: {name: constant, warmup_steps: 0}
        checkpoint: {every: 40}
        """

    private func train(_ name: String, _ overrides: [String] = [], resumed: Bool = false) throws {
        try folder.train(name, Self.yaml, overrides, resumed: resumed)
    }

    @Test func usersFindTheItemsOfTheirGroup() throws {
        try write()
        try train("run")
        let run = try Run(folder.file("run"))
        #expect(run.inputs == [RecipeInput("user", .id), RecipeInput("item", .id)])
        let items = try run.ids(of: "item")
        #expect(items.count == 32 && items.ids == items.ids.sorted() && items.counts.reduce(0, +) < 320)
        let shapes = try Safetensors(path: run.weights)
        #expect(shapes.names.contains("user.encoder.table.weight") && shapes.names.contains("item.encoder.table.weight"))
        let index = try run.index(input: "item"), users = (0..<40).map { "u\($0)" }
        let hits = try index.search(each: run.embed(ids: users, input: "user"), count: 8)
        var right = 0
        for (user, hits) in hits.enumerated() {
            right += hits.count { Int($0.name.dropFirst()).map { $0 / 8 == user % 4 } ?? false }
        }
        #expect(right > 300, "\(right) of 320")
        let names = try run.evaluate(data: folder.file("")).metrics.map(\.name)
        #expect(names.contains("recommendation.user_to_item.ndcg"), "\(names)")
    }

    @Test func anIDThatNoTrainingRowHasIsNamed() throws {
        try write()
        try train("run", ["steps=2"])
        let run = try Run(folder.file("run"))
        let error = #expect(throws: RecipeError.self) { try run.embed(ids: ["u1", "u99"], input: "user") }
        #expect(error?.description.contains("user \"u99\" is in no row") ?? false, "\(error?.description ?? "")")
        #expect(throws: RecipeError.self) { try run.embed(texts: ["u1"]) }
        // Held-out rows of new users are counted, not evaluated.
        let rows = try String(contentsOfFile: folder.file("rows.tsv"), encoding: .utf8)
        try (rows + (0..<20).map { "new\($0)\ti1\n" }.joined()).write(
            toFile: folder.file("more.tsv"), atomically: true, encoding: .utf8)
        let report = try run.evaluate(data: folder.file(""), overrides: ["data.path=more.tsv"])
        #expect(report.notes?.contains { $0.contains("of user") && $0.contains("no training row") } ?? false)
    }

    @Test func resumedItIsTheSameBitsAndOtherIDsAreRefused() throws {
        try write()
        try train("whole", ["steps=40"])
        try train("parts", ["steps=20"])
        try train("parts", ["steps=40"], resumed: true)
        #expect(try Run(folder.file("whole")).fingerprint == Run(folder.file("parts")).fingerprint)
        let file = folder.file("parts/ids/user.json")
        let ids = try String(contentsOfFile: file, encoding: .utf8)
        try ids.replacingOccurrences(of: "\"u1\"", with: "\"x1\"").write(
            toFile: file, atomically: true, encoding: .utf8)
        #expect(throws: RecipeError.self) { try train("parts", ["steps=60"], resumed: true) }
        try FileManager.default.removeItem(atPath: file)
        let error = #expect(throws: RecipeError.self) { try Run(folder.file("parts")) }
        #expect(error?.description.contains("ids/user.json") ?? false)
    }

    @Test func theDefaultSplitIsByThePair() throws {
        let recipe = try Recipe(
            yaml: "data: {columns: {user: {kind: id, column: u}, item: {kind: id, column: i}}}", source: "r.yaml")
        #expect(recipe.data.split?.columns == ["u", "i"])
        let named = try Recipe(
            yaml: "data: {columns: {user: {kind: id}, item: {kind: id}}, split: {columns: [user], modulo: 4}}",
            source: "r.yaml")
        #expect(named.data.split?.columns == ["user"])
        #expect(throws: RecipeError.self) {
            try Recipe(yaml: "data: {columns: {a: {kind: id}, b: {kind: id}}, model: {id: {width: 8}}}", source: "r")
        }
    }

    @Test func pairsAreHeldOutByTheirJoinedFields() throws {
        try write()
        try train("run", ["steps=1"])
        let data = try String(contentsOfFile: folder.file("run/ids/item.json"), encoding: .utf8)
        // What zlib's crc32 says of "u0 i0", …: 60 of the 320 rows.
        let run = try Run(folder.file("run"))
        #expect(try run.ids(of: "item").counts.reduce(0, +) == 320 - Self.heldOut, "\(data.prefix(80))")
    }

    private static let heldOut = 60
}
