import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

@Suite struct ExclusionTests {
    private func facts(_ world: PlantedWorld, _ overrides: String...) throws -> [String] {
        let recipe = world.folder.file("r.yaml")
        try PlantedWorld.images.write(toFile: recipe, atomically: true, encoding: .utf8)
        var facts: [String] = []
        try TrainingSession(
            recipe: recipe, overrides: overrides, data: world.folder.path, directory: world.folder.file("run")
        ).run(progress: .silent, catchesSignals: false) { event in
            switch event {
            case .fact(let sentence): facts.append(sentence)
            case .start(let start): facts.append(start.data)
            default: break
            }
        }
        return facts
    }

    @Test func listedRowsAreNeitherTrainedOnNorEvaluatedAndCounted() throws {
        let world = PlantedWorld()
        try world.writeImages()
        let found = try Recipe(yaml: PlantedWorld.images, source: "r").duplicates(data: world.folder.path)
        try (found.exclusionList + "\n./test/c0/clean-0.jpg\n").write(
            toFile: world.folder.file("list.txt"), atomically: true, encoding: .utf8)
        let facts = try facts(world, "data.exclude=list.txt")
        #expect(facts.contains("60 samples to train on, 139 held out"))
        #expect(facts.contains("data.exclude (\(world.folder.path)/list.txt) leaves out 21 rows"))
        let report = try Run(world.folder.file("run")).evaluate(data: world.folder.path)
        #expect(report.rows?.evaluated == 139)
        #expect(report.notes?.first == "data.exclude (\(world.folder.path)/list.txt) leaves out 21 rows")
        // What is left has no duplicate.
        let clean = try Recipe(yaml: PlantedWorld.images, source: "r", overrides: ["data.exclude=list.txt"])
        let rest = try clean.duplicates(data: world.folder.path)
        #expect(rest.leakedCount == 0 && rest.trainCount == 60)
    }

    @Test func rowsAreNamedByTableAndLine() throws {
        let world = PlantedWorld()
        try world.writeTexts()
        try world.folder.write("texts.tsv:2\ntexts.tsv:130\n", to: "list.txt")
        let recipe = try Recipe(yaml: PlantedWorld.texts, source: "r", overrides: ["data.exclude=list.txt"])
        let found = try recipe.duplicates(data: world.folder.path)
        #expect(found.trainCount == 59 && found.heldOutCount == 69 && found.leakedCount == 38)
    }

    @Test func aNameThatIsNoRowIsAnErrorWithItsLine() throws {
        let world = PlantedWorld()
        try world.writeImages()
        try world.folder.write("# a comment\ntrain/c0/0.jpg\n\ntrain/c0/none.jpg\ngone.jpg\n", to: "list.txt")
        let error = #expect(throws: RecipeError.self) { try facts(world, "data.exclude=list.txt") }
        #expect(
            error?.description
                == "data.exclude: \(world.folder.path)/list.txt:4: \"train/c0/none.jpg\" is no row of the data, as 1 "
                + "more of its 3 names; paths are relative to the data directory, rows are TABLE:LINE")
        #expect(!FileManager.default.fileExists(atPath: world.folder.file("run/recipe.yaml")))
    }

    @Test func aListThatIsNotThereIsAnError() throws {
        let world = PlantedWorld()
        try world.writeImages()
        let error = #expect(throws: RecipeError.self) { try facts(world, "data.exclude=none.txt") }
        #expect(error?.description.hasPrefix("data.exclude: \(world.folder.path)/none.txt: no such file") ?? false)
    }
}
