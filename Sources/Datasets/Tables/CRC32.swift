/// The checksum of zlib, PNG and Ethernet: polynomial 0x04C11DB7, bits reversed.
///
/// Splits use it because every language has it: the same rows are held out wherever the data are read.
/// - Source: Sarwate 1988, "Computation of cyclic redundancy checks via table look-up"; values equal zlib's `crc32`.
public enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }

    /// The checksum of some bytes; 0 for none.
    public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        let table = table
        var crc = ~UInt32(0)
        for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
        return ~crc
    }
}
