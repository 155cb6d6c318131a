import ConcordDatasets
import ConcordEvaluation
import ConcordLayers
import ConcordRecipes
import ConcordTensors
import ConcordTraining
import Foundation
import TestSupport
import Testing

@Suite struct LossGapTests {
    /// Images to train on, and a held-out folder of others or of the same.
    private func world(heldOutIsTheSame: Bool) throws -> PlantedWorld {
        let world = PlantedWorld()
        for number in 0..<32 {
            let bytes = try PlantedWorld.image(number, width: 24, height: 24).jpegData()
            try world.folder.write(bytes, to: "train/c\(number % 2)/\(number).jpg")
            let other = try PlantedWorld.image(500 + number, width: 24, height: 24).jpegData()
            try world.folder.write(heldOutIsTheSame ? bytes : other, to: "test/c\(number % 2)/\(number).jpg")
        }
        return world
    }

    @Test func sameSamplesHaveTheSameLossToTheBit() throws {
        let world = try world(heldOutIsTheSame: true)
        try world.folder.train("run", PlantedWorld.images)
        let run = try Run(world.folder.file("run"))
        let loss = try #require(try run.evaluate(data: world.folder.path).loss)
        #expect(loss.heldOut == loss.train && loss.gap == 0 && loss.samples == 32)
        // Two views of 16 images: at chance ln 31.
        #expect(loss.train > 0.5 && loss.train < 5)
    }

    @Test func theGapIsLoggedAndRepeatsItselfAndLeavesTheModelAsItIs() throws {
        let world = try world(heldOutIsTheSame: false)
        try world.folder.train("run", PlantedWorld.images, ["evaluate.every=1", "steps=3"])
        let heldOut = try world.folder.logged("loss.held_out", "run")
        let train = try world.folder.logged("loss.train", "run")
        let gap = try world.folder.logged("loss.gap", "run")
        #expect(heldOut.count == 3 && train.count == 3)
        for (place, value) in gap.enumerated() { #expect(abs(value - (heldOut[place] - train[place])) < 1e-5) }
        let run = try Run(world.folder.file("run")), before = run.fingerprint
        let first = try run.evaluate(data: world.folder.path).loss
        #expect(try run.evaluate(data: world.folder.path).loss == first)
        #expect(abs((first?.heldOut ?? 0) - (heldOut.last ?? 1)) < 1e-4)
        #expect(try Run(world.folder.file("run")).fingerprint == before)
        // The same run without evaluations has the same weights.
        try world.folder.train("plain", PlantedWorld.images, ["steps=3"])
        #expect(try Run(world.folder.file("plain")).fingerprint == before)
    }

    @Test func whatIsLearnedByHeartHasAGap() throws {
        let world = try world(heldOutIsTheSame: false)
        try world.folder.train(
            "run", PlantedWorld.images.replacing("{name: simclr}", with: "{name: classification, label: label}"),
            ["steps=120", "batch=32", "optimizer.learning_rate=0.003", "schedule.name=constant"])
        let loss = try #require(try Run(world.folder.file("run")).evaluate(data: world.folder.path).loss)
        #expect(loss.train < 0.3)
        #expect(loss.gap > 0.3, "labels of other images are chance, ln 2: \(loss)")
    }

    @Test func nothingIsHeldOutNothingIsCompared() throws {
        let world = try world(heldOutIsTheSame: false)
        try world.folder.train("run", PlantedWorld.images, ["data.held_out=", "data.split=none"])
        let report = try Run(world.folder.file("run")).evaluate(data: world.folder.path)
        #expect(report.loss == nil)
    }
}
