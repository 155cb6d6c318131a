/// The bytes EF BB BF that some programs put in front of UTF-8 text.
package enum ByteOrderMark {
    /// Its length at the start of some bytes: 3, or 0 where it is not there.
    package static func length(in bytes: some Collection<UInt8>) -> Int {
        bytes.starts(with: [0xEF, 0xBB, 0xBF] as [UInt8]) ? 3 : 0
    }
}

extension Collection<UInt8> {
    /// The bytes without the mark.
    package var withoutByteOrderMark: SubSequence { dropFirst(ByteOrderMark.length(in: self)) }
}
