import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

@Suite struct EmbeddingDuplicateTests {
    @Test func candidatesOfARunAreVerifiedAndCopiesOfTrainingItemsCounted() throws {
        let world = PlantedWorld()
        try world.writeImages()
        try world.folder.train("run", PlantedWorld.images, ["steps=20"])
        let run = try Run(world.folder.file("run")), recipe = try Recipe(of: world.folder.file("run"))
        let found = try recipe.duplicates(data: world.folder.path, by: .embeddings(run))
        #expect(found.leakedCount(.file) == 20 && found.leakedCount(.content) == 20)
        #expect(found.pairs.count { $0.heldOut.name.contains("clean-") } == 0)
        let encoded = Set(found.pairs.filter { $0.heldOut.name.contains("encoded-") }.map(\.heldOut.name))
        #expect(encoded.count >= 19)
        let copies = try #require(found.copies.first)
        #expect(copies.count == 140 && found.copies.count == 1)
        // The 40 equal ones at least; none of the clean ones is a copy by right.
        #expect(copies.copyCount >= 40 && copies.copyCount < 140)
        let labels = try #require(copies.labels["label"])
        #expect(labels.copies.count == copies.copyCount && labels.others.count == 140 - copies.copyCount)
        #expect(labels.copies.accuracy > 0.9, "a copy has its original's label")
    }

    @Test func withoutVerificationTheThresholdDecides() throws {
        let world = PlantedWorld()
        try world.writeImages()
        try world.folder.train("run", PlantedWorld.images)
        let run = try Run(world.folder.file("run"))
        let all = try run.recipe.duplicates(
            data: world.folder.path, by: .embeddings(run, least: -1, isVerified: false))
        #expect(all.leakedCount == 140, "everything is above -1")
        let none = try run.recipe.duplicates(
            data: world.folder.path, by: .embeddings(run, least: 1.1, isVerified: false))
        #expect(none.leakedCount == 40, "equal ones need no model")
    }

    @Test func anotherItemsCaptionThatFitsIsALikelyPositive() throws {
        let world = PlantedWorld()
        var rows = "filepath\ttitle\n"
        for number in 0..<24 {
            // Each color twice, with captions that differ in one word.
            let color = UInt8(20 * (number / 2) + 10)
            try world.folder.write(
                Image(width: 16, height: 16, Image.Color(color, 255 - color, 90)).jpegData(), to: "\(number).jpg")
            rows += "\(number).jpg\tcolor \(["red", "blue", "green", "gray"][number / 2 % 4]) number \(number / 2)\n"
        }
        try world.folder.write(rows, to: "pairs.tsv")
        try world.folder.train(
            "run",
            """
            data: {path: pairs.tsv, split: none}
            tokenizer: english-wordpiece
            model:
              dimension: 16
              image: {depth: 18, width: 4, stem: cifar}
              text: {width: 16, depth: 1, heads: 2, context: 8}
            views: {size: 16, crop: whole}
            steps: 2
            batch: 8
            """)
        let run = try Run(world.folder.file("run"))
        let found = try run.likelyPositives(data: world.folder.path, count: 5)
        #expect(found.inputs.first.name == "image" && found.inputs.second.name == "text")
        #expect(found.anchorCount == 24 && found.pairs.count <= 5 && found.count >= found.pairs.count)
        #expect(found.pairs.allSatisfy { $0.similarity >= found.threshold })
        // By hand: all pairs of an image and a caption that no row has together.
        let names = (0..<24).map { world.folder.file("\($0).jpg") }
        let texts = (0..<12).map { "color \(["red", "blue", "green", "gray"][$0 % 4]) number \($0)" }
        let a = try run.embed(images: names), b = try run.embed(texts: texts)
        let scores = a.matmul(b, transposing: .right).scalars
        let own = (0..<24).map { scores[$0 * 12 + $0 / 2] }.sorted()
        #expect(abs(found.threshold - own[12]) < 1e-5)
        let negatives = (0..<24 * 12).filter { $0 % 12 != $0 / 12 / 2 && scores[$0] >= own[12] }
        #expect(found.count == negatives.count)
        let best = negatives.map { scores[$0] }.max() ?? -1
        #expect(abs((found.pairs.first?.similarity ?? -1) - best) < 1e-5)
    }
}
