import CSndfile

#if canImport(Glibc)
    import Glibc
#endif

/// Openings of sound files by libsndfile, which keeps the reason of the last one that failed in one place for all
/// threads.
///
/// Files are opened at once on many threads; one that cannot be is opened again while no other is, to learn its own
/// reason.
enum AudioOpening {
    /// Readers are openings, writers repeated ones.
    private final class Lock: @unchecked Sendable {
        private let lock: UnsafeMutablePointer<pthread_rwlock_t> = .allocate(capacity: 1)

        init() { pthread_rwlock_init(lock, nil) }

        func shared<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
            pthread_rwlock_rdlock(lock)
            defer { pthread_rwlock_unlock(lock) }
            return try body()
        }

        func alone<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
            pthread_rwlock_wrlock(lock)
            defer { pthread_rwlock_unlock(lock) }
            return try body()
        }
    }

    private static let lock = Lock()

    /// - Parameter open: is called once more where it returns nil.
    /// - Returns: the open file, or why it is none, as a number of `sf_error_number`, 0 where the library does not say.
    static func opened<E: Error>(
        _ open: () throws(E) -> OpaquePointer?
    ) throws(E) -> (handle: OpaquePointer?, failure: Int32) {
        if let handle = try lock.shared(open) { return (handle, 0) }
        return try lock.alone { () throws(E) in
            let handle = try open()
            return (handle, handle == nil ? sf_error(nil) : 0)
        }
    }
}
