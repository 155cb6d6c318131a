import ConcordRecipes
import ConcordTensors
import Foundation
import TestSupport
import Testing

/// The table of a machine in the user's cache.
@Suite(.serialized) struct InstalledKernelsTests {
    private let folder = TemporaryFolder()

    /// With variables of the environment, which are the process's.
    @discardableResult
    private func with<R>(_ variables: [String: String?], _ body: () throws -> R) rethrows -> R {
        let before = variables.keys.map { name in (name, getenv(name).map { String(cString: $0) }) }
        func set(_ name: String, _ value: String?) {
            if let value { setenv(name, value, 1) } else { unsetenv(name) }
        }
        for (name, value) in variables { set(name, value) }
        defer { for (name, value) in before { set(name, value) } }
        return try body()
    }

    private var measured: KernelTable {
        var table = KernelTable.standard.resolved
        table.bfloat16Gain = 3.5
        return table
    }

    @Test func aWrittenTableIsFound() throws {
        try with(["XDG_CACHE_HOME": folder.path, "CONCORD_KERNELS": nil]) {
            #expect(InstalledKernels.find().table == .standard && InstalledKernels.find().warning == nil)
            let path = try InstalledKernels.prepare()
            #expect(path == InstalledKernels.path && path.hasPrefix(folder.path + "/concord/kernels-"))
            try InstalledKernels.write(measured, to: path)
            let found = InstalledKernels.find()
            #expect(found.table == measured && found.path == path && found.warning == nil && !found.isByEnvironment)
            with(["CONCORD_KERNELS": "default"]) {
                let found = InstalledKernels.find()
                #expect(found.table == .standard && found.path == nil && found.isByEnvironment && found.warning == nil)
            }
        }
        with(["XDG_CACHE_HOME": nil, "HOME": "/home/somebody"]) {
            #expect(InstalledKernels.path?.hasPrefix("/home/somebody/.cache/concord/kernels-") == true)
        }
    }

    @Test func damagedAndForeignFilesAreNamedAndNotUsed() throws {
        let path = folder.file("table.json")
        func warning(_ text: String?) throws -> String {
            try? FileManager.default.removeItem(atPath: path)
            try text?.write(toFile: path, atomically: true, encoding: .utf8)
            return with(["CONCORD_KERNELS": path]) {
                let found = InstalledKernels.find()
                #expect(found.table == .standard && found.path == nil && found.isByEnvironment)
                return found.warning ?? ""
            }
        }
        #expect(try warning(nil) == "\(path) (CONCORD_KERNELS): no such file; the standard kernels are used")
        #expect(
            try warning("{\"format\": 1,") == "\(path): not a table of kernels: no JSON; the standard kernels are used")
        #expect(try warning("{\"convolutions\": []}").contains("not a table of kernels: format is missing"))
        #expect(try warning("{\"format\": 2, \"convolutions\": []}").contains("format 2, not 1"))
        let wrong = try warning("{\"format\": 1, \"convolutions\": 3}")
        #expect(wrong.contains("convolutions has a value of another type"))
        let nowhere = try warning("{\"format\": 1, \"convolutions\": []}")
        #expect(nowhere.contains("does not say which machine it was measured on"))
        var foreign = measured
        foreign.machine?.processor = "Another Processor"
        let json = String(decoding: try JSONEncoder().encode(foreign), as: UTF8.self)
        #expect(try warning(json).contains("\(path): was measured on another machine: Another Processor, not "))
    }

    @Test func withoutAFolderThereIsNothingToWriteTo() throws {
        with(["XDG_CACHE_HOME": nil, "HOME": nil]) {
            #expect(InstalledKernels.path == nil)
            #expect(throws: RecipeError.self) { try InstalledKernels.prepare() }
        }
        try "".write(toFile: folder.file("file"), atomically: true, encoding: .utf8)
        with(["XDG_CACHE_HOME": folder.file("file")]) {
            #expect(throws: RecipeError.self) { try InstalledKernels.prepare() }
        }
    }
}
