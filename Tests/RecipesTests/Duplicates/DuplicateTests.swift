import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

@Suite struct DuplicateTests {
    /// Numbers of held-out items of a kind whose training item was found.
    private func found(_ kind: String, _ duplicates: Duplicates, as wanted: Duplicates.Kind? = nil) -> Set<String> {
        Set(
            duplicates.pairs.compactMap { pair in
                let heldOut = pair.heldOut.name.split(separator: "/").last.map(String.init) ?? ""
                let train = pair.train.name.split(separator: "/").last.map(String.init) ?? ""
                guard heldOut.contains("\(kind)-"), wanted == nil || pair.kind == wanted else { return nil }
                let number = heldOut.split(separator: "-").last.map(String.init) ?? ""
                return train == number || train == "train_\(number)" ? number : nil
            })
    }

    @Test func plantedImagesAreFoundAndNoOthers() throws {
        let world = PlantedWorld()
        try world.writeImages()
        let recipe = try Recipe(yaml: PlantedWorld.images, source: "r")
        let duplicates = try recipe.duplicates(data: world.folder.path)
        #expect(duplicates.trainCount == 80 && duplicates.heldOutCount == 140)
        #expect(found("copy", duplicates, as: .file).count == 20)
        #expect(found("commented", duplicates, as: .content).count == 20)
        for kind in ["encoded", "cropped", "resized"] {
            #expect(found(kind, duplicates, as: .near).count >= 19, "\(kind)")
        }
        #expect(duplicates.pairs.count { $0.heldOut.name.contains("clean-") } == 0)
        #expect(duplicates.groups.isEmpty && duplicates.rejected.isEmpty)
        #expect(duplicates.leakedCount(.file) == 20 && duplicates.leakedCount(.content) == 20)
        // The twenty training items that were planted are to be left out, each once.
        #expect(Set(duplicates.redundancies.map(\.item.name)) == Set((0..<20).map { "train/c\($0 % 2)/\($0).jpg" }))
        #expect(duplicates.redundancies.allSatisfy { $0.kind == .file && $0.original.isHeldOut })
    }

    @Test func plantedSoundsAreFoundAndNoOthers() throws {
        let world = PlantedWorld()
        try world.writeSounds()
        let recipe = try Recipe(yaml: PlantedWorld.sounds, source: "r")
        let duplicates = try recipe.duplicates(data: world.folder.path)
        #expect(duplicates.trainCount == 60 && duplicates.heldOutCount == 90)
        for kind in ["fine", "soft", "cut"] {
            #expect(found("test_\(kind)", duplicates, as: .near).count >= 19, "\(kind)")
        }
        #expect(duplicates.pairs.count { $0.heldOut.name.contains("clean-") } == 0)
    }

    @Test func plantedTextsAreFoundByTheirRowsAndNoOthers() throws {
        let world = PlantedWorld()
        try world.writeTexts()
        let recipe = try Recipe(yaml: PlantedWorld.texts, source: "r")
        let duplicates = try recipe.duplicates(data: world.folder.path)
        #expect(duplicates.trainCount == 60 && duplicates.heldOutCount == 70)
        #expect(duplicates.pairs.count { $0.kind == .content } == 20)
        #expect(duplicates.pairs.count { $0.kind == .near } == 20)
        #expect(duplicates.leakedCount == 40)
        // The n-th sentence is on line n + 2; one word more makes 23 runs of words of 22.
        let near = try #require(duplicates.pairs.first { $0.kind == .near })
        #expect(near.train.name == "texts.tsv:2" && near.heldOut.name == "texts.tsv:63")
        #expect(abs(near.similarity - 22 / 23) < 1e-6)
    }

    @Test func groupsInsideTheTrainingPartKeepTheirFirstItem() throws {
        let world = PlantedWorld()
        let bytes = try PlantedWorld.image(1).jpegData(quality: 95)
        try world.folder.write(bytes, to: "train/c0/a.jpg")
        try world.folder.write(bytes, to: "train/c0/b.jpg")
        try world.folder.write(Image(bytes).jpegData(quality: 60), to: "train/c1/c.jpg")
        try world.folder.write(PlantedWorld.image(2).jpegData(), to: "train/c1/d.jpg")
        try world.folder.write(PlantedWorld.image(3).jpegData(), to: "test/c1/e.jpg")
        let recipe = try Recipe(yaml: PlantedWorld.images, source: "r")
        let found = try recipe.duplicates(data: world.folder.path)
        #expect(found.groups.map { $0.items.map(\.name) } == [["train/c0/a.jpg", "train/c0/b.jpg", "train/c1/c.jpg"]])
        #expect(found.groups[0].kind == .near && found.groups[0].similarity > 0.95 && found.groups[0].similarity < 1)
        #expect(found.redundancies.map(\.item.name) == ["train/c0/b.jpg", "train/c1/c.jpg"])
        #expect(found.redundancies.map(\.original.name) == ["train/c0/a.jpg", "train/c0/a.jpg"])
        #expect(found.pairs.isEmpty && found.leakedCount == 0)
        let lines = found.exclusionList.split(separator: "\n")
        #expect(lines[0] == "# file: train/c0/a.jpg" && lines[1] == "train/c0/b.jpg" && lines[3] == "train/c1/c.jpg")
    }

    @Test func imagesOfOneColorAreComparedForEqualityAlone() throws {
        let world = PlantedWorld()
        for (name, level) in [("train/c0/a", 100), ("train/c0/b", 101), ("test/c0/c", 100)] as [(String, UInt8)] {
            let bytes = try Image(width: 32, height: 32, Image.Color(level, level, level)).jpegData(quality: 95)
            try world.folder.write(bytes, to: name + ".jpg")
        }
        let found = try Recipe(yaml: PlantedWorld.images, source: "r").duplicates(data: world.folder.path)
        #expect(found.pairs.map(\.train.name) == ["train/c0/a.jpg"] && found.pairs[0].kind == .file)
        #expect(found.groups.isEmpty)
        #expect(found.notes == ["2 images are of one color: compared for equality alone"])
    }

    @Test func anUnreadableFileIsLeftOutAndNamed() throws {
        let world = PlantedWorld()
        try world.writeImages()
        try world.folder.write(Array("no image".utf8), to: "train/c0/broken.jpg")
        let found = try Recipe(yaml: PlantedWorld.images, source: "r").duplicates(data: world.folder.path)
        #expect(found.rejected.map(\.name) == ["train/c0/broken.jpg"])
        #expect(found.trainCount == 81 && found.leakedCount(.file) == 20)
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        let recipe = try Recipe(yaml: "data: {kind: text}\nobjective: {name: masked}", source: "r")
        let error = #expect(throws: RecipeError.self) { try recipe.duplicates(data: "/tmp") }
        #expect(error?.description.hasPrefix("data.kind: text has no rows to compare") ?? false)
        let other = #expect(throws: RecipeError.self) {
            try Recipe(yaml: PlantedWorld.images, source: "r").duplicates(data: "/tmp", inputs: ["sound"])
        }
        #expect(other != nil)
    }
}
