#if canImport(Glibc)
    import Glibc
#endif

/// Standard input, output and error.
package enum StandardStreams {
    /// Gives each that is closed (`concord train … >&-`, some service managers) the null device, as a program's first
    /// act: the next file that it opens would get the number, and what is printed would go into that file.
    package static func ensureOpen() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)  // takes the lowest free number: this one
        }
    }
}
