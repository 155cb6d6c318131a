import ConcordInterchange
import ConcordTensors
import Foundation
import TestSupport
import Testing

@Suite struct SafetensorsReadingTests {
    private let folder = TemporaryFolder()

    /// A file with this header and so many bytes of data.
    private func file(_ header: String, data: [UInt8] = [], announcing length: Int? = nil) throws -> String {
        let path = folder.file("a.safetensors")
        let count = UInt64(length ?? header.utf8.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8) + data
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test(
        arguments: [
            ("", nil, 0, "too few"),
            ("{}", 3, 0, "announce a header of 3 bytes"),
            ("{}", Int.max, 0, "announce"),
            ("[]", nil, 0, "'{'"),
            ("{", nil, 0, "string expected"),
            (#"{"a":1}"#, nil, 0, #""a": its entry is not an object"#),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}x"#, nil, 4, "follows"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, nil, 8, "4 bytes of data, the file has 8"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, nil, 3, "4 bytes of data, the file has 3"),
            (
                #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, nil, 4,
                #""a": shape [2] of F32 takes 8 bytes"#
            ),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, nil, 4, "start and an end"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, nil, 4, "start and an end"),
            (#"{"a":{"dtype":"F32","shape":[1]}}"#, nil, 4, #"no "data_offsets""#),
            (#"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, nil, 4, "dtype"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, nil, 4, "expected"),
            (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, nil, 4, "not whole"),
            (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, nil, 4, "no number"),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, nil, 0, "overflows"),
            (#"{"a":{"dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, nil, 0, "overflows"),
            (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,0]}}"#, nil, 0, "too large"),
            (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}"#, nil, 1, "F4"),
            (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, nil, 2, #""a": a gap"#),
            (
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
                nil, 3,
                #""b": its data overlaps"#
            ),
            (
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
                nil, 2,
                #"duplicate key "a""#
            ),
            (
                #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
                nil, 2,
                #"duplicate key "a""#
            ),
            (
                "{\"\u{E9}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},\"e\u{301}\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                nil, 0, "duplicate key"
            ),
            (#"{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#, nil, 1, #"duplicate key "dtype""#),
            (#"{"__metadata__":{"a":1}}"#, nil, 0, #"metadata "a" is not a string"#),
            (#"{"__metadata__":{"a":"\ud800"}}"#, nil, 0, "surrogate"),
            (#"{"__metadata__":[[[[[[[[[[]]]]]]]]]]}"#, nil, 0, "nested"),
        ] as [(String, Int?, Int, String)])
    func aHeaderThatLiesIsNamedInOneLine(header: String, announced: Int?, dataSize: Int, part: String) throws {
        let path = try file(header, data: [UInt8](repeating: 0, count: dataSize), announcing: announced)
        if header.isEmpty { try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path)) }
        let error = try #require(throws: InterchangeError.self) { try Safetensors(path: path) }
        #expect(error.description.contains(part), "\(error)")
        #expect(error.description.hasPrefix(path))
        #expect(!error.description.contains("\n"))
    }

    @Test func everyTruncationOfAFileIsRefused() throws {
        let whole = folder.file("whole")
        try Safetensors.write(
            [("a", Tensor([1, 2, 3] as [Float], shape: [3])), ("b", Tensor([0, 1, 2, 3, 4] as [UInt8], shape: [5]))],
            to: whole)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: whole))
        for length in 0..<bytes.count {
            let path = folder.file("part")
            try bytes.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(throws: InterchangeError.self) { try Safetensors(path: path) }
        }
    }

    @Test func elementTypesWidenToWhatTensorsHold() throws {
        func bytes<T>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        let stored: [(type: String, data: [UInt8])] = [
            ("F64", bytes([1.5, -2] as [Double])), ("F32", bytes([1.5, -2] as [Float])),
            ("F16", bytes([1.5, -2] as [Float16])),
            ("BF16", bytes([0x3FC0, 0xC000] as [UInt16])), ("I64", bytes([7, -8] as [Int64])),
            ("U64", bytes([7, 8] as [UInt64])),
            ("I32", bytes([7, -8] as [Int32])), ("I16", bytes([7, -8] as [Int16])), ("I8", bytes([7, -8] as [Int8])),
            ("U8", [7, 200]), ("BOOL", [1, 0]),
        ]
        for (type, data) in stored {
            let path = try file(
                #"{"x":{"dtype":"\#(type)","shape":[2],"data_offsets":[0,\#(data.count)]}}"#, data: data)
            let x = try Safetensors(path: path).tensor("x")
            switch type {
            case "F64", "F32", "F16", "BF16": #expect(x.scalars == [1.5, -2], "\(type)")
            case "I64", "I32", "I16", "I8": #expect(x.integerScalars == [7, -8], "\(type)")
            case "U64": #expect(x.integerScalars == [7, 8])
            case "U8": #expect(x.bytes == [7, 200])
            default: #expect(x.bytes == [1, 0])
            }
        }
    }

    @Test func anIntegerThatDoesNotFitIsNamed() throws {
        let value = [Int64(1) << 40]
        let path = try file(
            #"{"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, data: value.withUnsafeBytes { Array($0) })
        let file = try Safetensors(path: path)
        let error = try #require(throws: InterchangeError.self) { try file.tensor("ids") }
        #expect(error.description.contains(#""ids": element 0 is 1099511627776"#))
    }

    @Test func scalarsAndEmptyTensorsAreRead() throws {
        let path = try file(
            #"{"none":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]},"one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}} "#,
            data: [0, 0, 0x80, 0x3F])
        let file = try Safetensors(path: path)
        #expect(file.names == ["one", "none"])
        #expect(try file.tensor("one").item == 1)
        #expect(try file.tensor("none").shape == [0, 3])
    }

    @Test func aMissingTensorComesWithTheNearestName() throws {
        let path = folder.file("a")
        try Safetensors.write([("layer1.0.conv1.weight", Tensor(1)), ("fc.weight", Tensor(1))], to: path)
        let file = try Safetensors(path: path)
        let error = try #require(throws: InterchangeError.self) { try file.tensor("layer1.0.conv.weight") }
        #expect(error == .missingTensor(path: path, key: "layer1.0.conv.weight", nearest: "layer1.0.conv1.weight"))
    }

    @Test func whatIsNoFileIsAnError() {
        #expect(throws: InterchangeError.self) { try Safetensors(path: "/nowhere/at.all") }
        #expect(throws: InterchangeError.self) { try Safetensors(path: "/dev/zero") }
        #expect(throws: InterchangeError.self) { try Safetensors(path: folder.path) }
    }
}
