import ConcordInterchange
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsWritingTests {
    private let folder = TemporaryFolder()

    private func contents(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let awkward = "tab\t\"quote\" \\ é 🎈 \u{1}"
        let tensors: [(name: String, tensor: Tensor)] = [
            (awkward, Tensor([.nan, -0.0, .infinity], shape: [3, 1])), ("ids", Tensor([1, -2] as [Int32], shape: [2])),
            ("mask", Tensor([1, 0, 1] as [UInt8], shape: [3])), ("scalar", Tensor(3)),
            ("empty", Tensor(zeros: [2, 0])),
        ]
        try Safetensors.write(tensors, metadata: [awkward: awkward], to: folder.file("a"))
        let file = try Safetensors(path: folder.file("a"))
        #expect(file.metadata == [awkward: awkward])
        #expect(Set(file.names) == Set(tensors.map(\.name)))
        #expect(try file.tensor(awkward).scalars.map(\.bitPattern) == tensors[0].tensor.scalars.map(\.bitPattern))
        #expect(try file.tensor("ids").integerScalars == [1, -2])
        #expect(try file.tensor("mask").bytes == [1, 0, 1])
        #expect(try file.tensor("scalar").shape == [])
        #expect(try file.tensor("empty").shape == [2, 0])
        #expect(folder.contents == ["a"])
    }

    @Test func theBytesAreThoseOfPythonsWriter() throws {
        // /opt/venv/bin/python -c "import numpy as np, safetensors.numpy as s; print(s.save({'b': np.ones((2, 1),
        // np.float32), 'a':
        //   np.array([1], np.uint8), 'c': np.array(2, np.int32), 'aa': np.zeros((0,), np.float32)}, metadata={'k':
        //   'v'}))"
        try Safetensors.write(
            [
                ("b", Tensor(ones: [2, 1])), ("a", Tensor([1] as [UInt8], shape: [1])),
                ("c", Tensor([2] as [Int32], shape: [])),
                ("aa", Tensor(zeros: [0])),
            ], metadata: ["k": "v"], to: folder.file("a"))
        let header =
            #"{"__metadata__":{"k":"v"},"aa":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[2,1],"data_offsets":"#
            + #"[0,8]},"c":{"dtype":"I32","shape":[],"data_offsets":[8,12]},"a":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}}"#
        let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: padded.utf8.count >> (8 * $0)) }
        #expect(
            try contents("a")
                == Data(length + Array(padded.utf8) + [0, 0, 0x80, 0x3F, 0, 0, 0x80, 0x3F, 2, 0, 0, 0, 1]))
    }

    @Test func theOrderOfTheListDoesNotMatter() throws {
        let tensors = ["b", "a", "C"].map { (name: $0, tensor: hashed($0, [3])) }
        try Safetensors.write(tensors, metadata: ["x": "1", "y": "2", "z": "3"], to: folder.file("a"))
        try Safetensors.write(tensors.reversed(), metadata: ["z": "3", "y": "2", "x": "1"], to: folder.file("b"))
        #expect(try contents("a") == contents("b"))
    }

    @Test func aFullDiskLeavesTheOldFileAndNoDebris() throws {
        let path = folder.file("a")
        try Safetensors.write([("a", Tensor(1))], to: path)
        let before = try contents("a")
        symlink("/dev/full", path + ".partial")  // every write there says that the disk is full
        let error = try #require(throws: InterchangeError.self) { try Safetensors.write([("a", Tensor(2))], to: path) }
        #expect(error.description.contains("No space left on device"))
        #expect(try contents("a") == before)
        #expect(folder.contents == ["a"])
    }

    @Test func aPlaceThatIsNotThereIsAnError() {
        #expect(throws: InterchangeError.self) {
            try Safetensors.write([("a", Tensor(1))], to: folder.file("no/such/folder"))
        }
        #expect(throws: InterchangeError.self) { try Safetensors.write([("a", Tensor(1))], to: folder.path) }
        #expect(folder.contents.isEmpty)
    }

    @Test func equalNamesAreRefusedBeforeAnythingIsWritten() throws {
        let error = try #require(throws: InterchangeError.self) {
            try Safetensors.write([("a", Tensor(1)), ("a", Tensor(2))], to: folder.file("a"))
        }
        #expect(error.description.contains(#""a": it is listed twice"#))
        #expect(folder.contents.isEmpty)
    }
}
