extension KernelTable: Codable {
    private enum CodingKeys: String, CodingKey {
        case format, machine, threads, matmul, convolutions
        case bfloat16Gain = "bfloat16_gain"
    }

    /// Of what is written; others are not read.
    private static let format = 1

    /// - Throws: `DecodingError`, also for the format of another version.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let format = try values.decode(Int.self, forKey: .format)
        guard format == Self.format else {
            throw DecodingError.dataCorruptedError(
                forKey: .format, in: values, debugDescription: "format \(format), not \(Self.format)")
        }
        machine = try values.decodeIfPresent(KernelMachine.self, forKey: .machine)
        threads = try values.decodeIfPresent(Int.self, forKey: .threads)
        matmul = try values.decodeIfPresent(MatmulChoice.self, forKey: .matmul)
        bfloat16Gain = try values.decodeIfPresent(Double.self, forKey: .bfloat16Gain)
        convolutions = try values.decode([ConvolutionRule].self, forKey: .convolutions)
    }

    /// What is forced is not written.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(Self.format, forKey: .format)
        try values.encodeIfPresent(machine, forKey: .machine)
        try values.encodeIfPresent(threads, forKey: .threads)
        try values.encodeIfPresent(matmul, forKey: .matmul)
        try values.encode(convolutions, forKey: .convolutions)
        try values.encodeIfPresent(bfloat16Gain, forKey: .bfloat16Gain)
    }
}
