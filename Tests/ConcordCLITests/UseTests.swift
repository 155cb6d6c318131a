import Concord
import Foundation
import TestSupport
import Testing

@Suite struct UseTests {
    @Test func aRunServesEvaluationEmbeddingSearchAndClassification() throws {
        let world = try SmallWorld()
        #expect(try world.train().status == 0)
        // a run is enough by itself
        try FileManager.default.moveItem(atPath: world.data, toPath: world.data + "-moved")
        let data = world.data + "-moved"

        let evaluation = try CommandLineTool.run("evaluate", world.run(), "--data", data, "--json")
        #expect(evaluation.status == 0, "\(evaluation.errors)")
        let report = try JSONDecoder().decode(EvaluationReport.self, from: Data(evaluation.output.utf8))
        #expect(report.retrieval?["image_to_text"]?.candidates == report.retrieval?["text_to_image"]?.queries)
        #expect(report.zeroShot?["tone"]?.classes == ["blue", "dark", "pale", "red"])
        #expect(report.linearProbe?["tone"] != nil && report.knn?["tone"] != nil)
        let table = try CommandLineTool.run("evaluate", world.run(), "--data", data)
        #expect(table.output.contains("image to text"))

        let index = world.folder.path + "/index.safetensors"
        let embed = try CommandLineTool.run("embed", world.run(), "--images", data, "--out", index)
        #expect(embed.status == 0 && embed.output.contains("48 embeddings of 16"), "\(embed.errors)")
        let image = data + "/5.jpg"
        let search = try CommandLineTool.run("search", world.run(), "--index", index, "--image", image, "-k", "3")
        #expect(search.output.split(separator: "\n").count == 3, "\(search.errors)")
        #expect(search.output.hasPrefix("1.0000\t"))
        #expect(search.output.contains(image))
        let sentence = try CommandLineTool.run("search", world.run(), "--index", index, "--text", "a red square")
        #expect(sentence.output.split(separator: "\n").count == 10)

        let classes = ["dark", "pale", "red", "blue"], images = [0, 5, 10, 15].map { "\(data)/\($0).jpg" }
        let classified = try CommandLineTool.run(
            ["classify", world.run(), "--template", "a {} square", "--top-k", "4", "--classes"] + classes + ["--images"]
                + images)
        let run = try Run(world.run())
        let cosines = try run.embed(images: images).matmul(
            run.embed(texts: classes.map { "a \($0) square" }), transposing: .right
        ).scalars
        let lines = classified.output.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
        #expect(lines.count == 16, "\(classified.errors)")
        for (place, image) in images.enumerated() {
            let own = cosines[4 * place..<4 * place + 4]
            let ranked = zip(classes, own).sorted { $0.1 > $1.1 }.map(\.0)
            let found = lines.filter { $0[0] == image }
            #expect(found.map { $0[1] } == ranked, "by falling similarity of the sentence")
            #expect(abs(found.reduce(0) { $0 + (Double($1[2]) ?? .nan) } - 1) < 0.0025)
        }

        let inspected = try CommandLineTool.run("inspect", world.run())
        #expect(inspected.output.contains("image.encoder.conv1.weight") && inspected.output.contains("[4, 3, 3, 3]"))
    }

    @Test func trainingGoesOnFromAnotherRunsWeights() throws {
        let world = try SmallWorld()
        #expect(try world.train("first").status == 0)
        let second = try world.train("second", "--init", world.run("first"), "--set", "freeze=[text.*]")
        #expect(second.status == 0, "\(second.errors)")
        let a = try Safetensors(path: world.run("first") + "/checkpoints/step-00000024.safetensors")
        let b = try Safetensors(path: world.run("second") + "/checkpoints/step-00000024.safetensors")
        #expect(try a.tensor("text.projection.weight").scalars == b.tensor("text.projection.weight").scalars)
        #expect(try a.tensor("image.projection.weight").scalars != b.tensor("image.projection.weight").scalars)
    }

    @Test func theDoctorSaysWhatIsInUse() throws {
        let doctor = try CommandLineTool.run("doctor")
        #expect(doctor.status == 0 && doctor.output.contains("OpenBLAS") && doctor.output.contains("threads"))
        let precision = "\(Precision.fastest) (\(Precision.reasonForFastest))"
        #expect(doctor.output.contains("\nprecision auto    \(precision)\n"), "\(doctor.output)")
        let narrow = try CommandLineTool.run(["doctor"], environment: ["OPENBLAS_CORETYPE": "Haswell"])
        #expect(narrow.output.contains("Haswell"))
    }

    @Test func aTokenizerIsTrainedAndUsed() throws {
        let world = try SmallWorld()
        let text = world.folder.path + "/text.txt", out = world.folder.path + "/vocab.txt"
        try String(repeating: "the quick brown fox jumps over the lazy dog\n", count: 50).write(
            toFile: text, atomically: true, encoding: .utf8)
        let trained = try CommandLineTool.run("tokenizer", "train", "--size", "80", "--out", out, text)
        #expect(trained.status == 0, "\(trained.errors)")
        let encoded = try CommandLineTool.run("tokenizer", "encode", "--tokenizer", out, "the lazy fox")
        #expect(encoded.output.contains("the lazy fox"))
        let ids = encoded.output.split(separator: "\t")[0].split(separator: " ").map(String.init)
        let decoded = try CommandLineTool.run(["tokenizer", "decode", "--tokenizer", out] + ids)
        #expect(decoded.output == "the lazy fox\n")
    }
}
