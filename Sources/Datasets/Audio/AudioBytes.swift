import CSndfile
import ConcordFiles

#if canImport(Glibc)
    import Glibc
#endif

/// A file whose first bytes are replaced, as libsndfile reads it.
final class AudioBytes {
    private let file: RegularFile
    private let head: [UInt8]
    /// Bytes of the file that `head` replaces.
    private let skipped: Int
    private var position = 0

    init(_ file: consuming RegularFile, head: [UInt8], replacing skipped: Int) {
        self.file = file
        (self.head, self.skipped) = (head, skipped)
    }

    private var count: Int { head.count + max(0, file.size - skipped) }

    /// Opens what is here from its start; it must outlive the handle.
    func open(_ info: inout SF_INFO) -> OpaquePointer? {
        position = 0
        var functions = SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(AudioBytes.of($0)?.count ?? 0) },
            seek: { sf_count_t(AudioBytes.of($2)?.seek(Int($0), $1) ?? -1) },
            read: { sf_count_t(AudioBytes.of($2)?.read($0, Int($1)) ?? 0) },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(AudioBytes.of($0)?.position ?? 0) })
        return sf_open_virtual(&functions, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
    }

    /// A descriptor of the file itself, at its start, for whoever closes it; negative where there is none left.
    func duplicatedDescriptor() -> Int32 {
        lseek(file.descriptor, 0, SEEK_SET)  // the place is that of all duplicates
        return fcntl(file.descriptor, F_DUPFD_CLOEXEC, 0)
    }

    private static func of(_ user: UnsafeMutableRawPointer?) -> AudioBytes? {
        user.map { Unmanaged<AudioBytes>.fromOpaque($0).takeUnretainedValue() }
    }

    private func seek(_ offset: Int, _ whence: Int32) -> Int {
        let base = whence == Int32(SEEK_SET) ? 0 : whence == Int32(SEEK_CUR) ? position : count
        let (target, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, target >= 0 else { return -1 }
        position = target
        return target
    }

    private func read(_ target: UnsafeMutableRawPointer?, _ wanted: Int) -> Int {
        guard let target, wanted > 0 else { return 0 }
        var filled = 0
        if position < head.count {
            filled = min(wanted, head.count - position)
            head.withUnsafeBytes {
                target.copyMemory(from: $0.baseAddress.unsafelyUnwrapped + position, byteCount: filled)
            }
        }
        if filled < wanted {
            let rest = UnsafeMutableRawBufferPointer(start: target + filled, count: wanted - filled)
            filled += (try? file.read(into: rest, at: position + filled - head.count + skipped)) ?? 0
        }
        position += filled
        return filled
    }
}
