import ConcordFiles
import Testing

@Suite struct ForeignTextTests {
    private func found(_ bytes: [UInt8], _ path: String = "a b/t.csv") -> ForeignText? {
        bytes.withUnsafeBufferPointer { ForeignText($0, path: path) }
    }

    private static let text = Array("filepath,title\n1.png,a caf".utf8)

    @Test(
        arguments: [
            ([0xFF, 0xFE, 0x61, 0], "UTF-16", "iconv -f UTF-16 -t UTF-8 'a b/t.csv' > 'a b/t-utf8.csv'"),
            ([0xFE, 0xFF, 0, 0x61], "UTF-16", "iconv -f UTF-16 -t UTF-8"),
            ([0xFF, 0xFE, 0, 0, 0x61, 0, 0, 0], "UTF-32", "iconv -f UTF-32 -t UTF-8"),
            ([0, 0x61, 0, 0x62, 0, 0x0A], "UTF-16 without a byte-order mark", "iconv -f UTF-16BE -t UTF-8"),
            (text + [0xE9, 0x0A], "not UTF-8 but ISO-8859-1 (Latin-1)", "iconv -f ISO-8859-1 -t UTF-8"),
            (
                text + [0xE9, 0x20, 0x93, 0x61, 0x94], "not UTF-8 but Windows-1252 (Western European)",
                "iconv -f WINDOWS-1252 -t UTF-8"
            ),
            (
                [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2, 0x0A], "not UTF-8 but in another encoding, perhaps WINDOWS-1251",
                "iconv -f ENCODING"
            ),
            ([0x1F, 0x8B, 8, 0], "compressed (gzip)", "gunzip -k 'a b/t.csv'"),
            (Array("BZh91AY&SY".utf8), "compressed (bzip2)", "bunzip2"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "compressed (xz)", "unxz"),
            ([0x28, 0xB5, 0x2F, 0xFD], "compressed (zstd)", "unzstd"),
            (
                Array("1.png".utf8) + [UInt8](repeating: 0, count: 252) + Array("ustar\0".utf8), "a tar archive",
                "tar -xf 'a b/t.csv'"
            ),
            ([0x50, 0x4B, 3, 4, 20, 0] + Array("x.txt".utf8), "a ZIP archive", "unzip 'a b/t.csv'"),
            (
                [0x50, 0x4B, 3, 4, 20, 0] + Array("[Content_Types].xml".utf8), "a spreadsheet",
                "save it from there as CSV in UTF-8"
            ),
            (Array("PAR1".utf8) + [21, 4], "a Parquet file", "read_parquet"),
            ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file", "as CSV or JSON lines first"),
            (Array("SQLite format 3\0".utf8), "an SQLite database", "sqlite3 -header -csv"),
        ] as [([UInt8], String, String)]) func whatIsNoTextIsNamedWithTheWayToMakeItText(
            bytes: [UInt8], kind: String, way: String
        ) throws
    {
        let foreign = try #require(found(bytes))
        #expect(foreign.found.hasPrefix(kind), "\(foreign.found)")
        #expect(foreign.remedy.contains(way), "\(foreign.remedy)")
    }

    @Test(
        arguments: [
            [], Array("plain\n".utf8), [0xEF, 0xBB, 0xBF, 0x61], Array("Привет, 世界, café 🍎\n".utf8),
            // UTF-8 with a few damaged bytes is for the reader to repair.
            [0x61, 0xFF, 0x0A, 0x62], [0x61, 0xC3, 0x28], Array("café naïve ".utf8) + [0xE9],
            Array("cut ".utf8) + [0xE2, 0x80],
            [UInt8](repeating: 0, count: 64),
        ] as [[UInt8]]) func textIsText(bytes: [UInt8])
    { #expect(found(bytes) == nil) }
}
