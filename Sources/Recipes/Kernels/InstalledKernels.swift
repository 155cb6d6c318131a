import ConcordFiles
public import ConcordTensors

#if canImport(Glibc)
    import Glibc
#endif

/// The table of kernels that was measured on this machine: a file in the user's cache, which programs read as they
/// start.
///
/// ```swift
/// let kernels = InstalledKernels.find()
/// kernels.table.useForProcess()                                           // before anything is computed
/// if let warning = kernels.warning { print(warning) }
/// ```
/// `CONCORD_KERNELS` in the environment names another file, or, as `default`, the choices that are compiled in.
public struct InstalledKernels: Sendable {
    /// The measured table, or the standard one.
    public let table: KernelTable
    /// The file that the table came from; nil for the standard one.
    public let path: String?
    /// Whether the environment chose it.
    public let isByEnvironment: Bool
    /// Why a file that is there is not used, in a line; nil where there is no such file.
    public let warning: String?

    /// The variable that chooses another file.
    public static let variable = "CONCORD_KERNELS"

    /// Where the table of this machine is kept: in `$XDG_CACHE_HOME/concord` or `~/.cache/concord`, under the names of
    /// the processor and of the libraries; nil where the environment names neither folder.
    public static var path: String? {
        folder.map { $0 + "/" + KernelMachine.current.fileName }
    }

    private static var folder: String? {
        if let cache = value(of: "XDG_CACHE_HOME"), cache.hasPrefix("/") { return cache + "/concord" }
        return value(of: "HOME").map { $0 + "/.cache/concord" }
    }

    /// Of the environment; nil where it is empty.
    private static func value(of variable: String) -> String? {
        getenv(variable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The table that this process is to use. A file that is damaged, or of another machine, is not used.
    public static func find() -> InstalledKernels {
        let wanted = value(of: variable)
        guard wanted != "default", let path = wanted ?? path else { return standard(wanted != nil) }
        do {
            guard let table = try KernelTableFile.read(path) else {
                return standard(wanted != nil, wanted.map { "\($0) (\(variable)): no such file" })
            }
            guard let machine = table.machine else {
                return standard(wanted != nil, "\(path): does not say which machine it was measured on")
            }
            if let difference = machine.difference(from: .current) {
                return standard(wanted != nil, "\(path): was measured on another machine: \(difference)")
            }
            return InstalledKernels(table: table, path: path, isByEnvironment: wanted != nil, warning: nil)
        } catch { return standard(wanted != nil, "\(error)") }
    }

    private static func standard(_ isByEnvironment: Bool, _ reason: String? = nil) -> InstalledKernels {
        InstalledKernels(
            table: .standard, path: nil, isByEnvironment: isByEnvironment,
            warning: reason.map { $0 + "; the standard kernels are used" })
    }

    /// Makes the folder of the table, so that what cannot be kept is not measured.
    /// - Returns: where the table is to be written.
    /// - Throws: `RecipeError` where it cannot.
    package static func prepare() throws -> String {
        guard let folder, let path else {
            throw RecipeError.data(
                message: "neither XDG_CACHE_HOME nor HOME is set: there is no folder for the table of kernels")
        }
        try RunDirectory.makeFolder(folder)
        guard PathEncoding.withCString(folder, { access($0, W_OK) }) == 0 else {
            throw RecipeError.unreadable(path: folder, reason: "cannot be written: \(String(cString: strerror(errno)))")
        }
        return path
    }

    /// Writes a table where `find` reads it.
    package static func write(_ table: KernelTable, to path: String) throws {
        try KernelTableFile.write(table, to: path)
    }
}
