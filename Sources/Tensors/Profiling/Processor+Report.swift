import COneDNN
import COpenBLAS

#if canImport(Glibc)
    import Glibc
#endif

extension Processor {
    /// The processor, the kernels in use and why, threads, libraries and memory, as names and texts for a person.
    public static func report() -> [(name: String, value: String)] {
        let version = dnnl_version().pointee
        let memory = field(of: "/proc/meminfo", named: "MemTotal"),
            free = field(of: "/proc/meminfo", named: "MemAvailable")
        return [
            ("processor", field(of: "/proc/cpuinfo", named: "model name") ?? "unknown"),
            ("instructions", instructionSet),
            (
                "matrix products",
                matmulReason
                    + (MatmulChoice.current.splits ? "; large ones as bf16x3 GEMMs on AMX's tiles" : "")
            ),
            (
                "convolutions",
                "oneDNN \(version.major).\(version.minor).\(version.patch), \(instructionSet)"
                    + "; 3x3 by Winograd's method\(ConvolutionPlan.hasBFloat16Winograd ? ", in bfloat16 too" : "")"
            ),
            ("bfloat16", hasBFloat16 ? "native, \(instructionSet)" : "not native: precision bfloat16 becomes float32"),
            ("threads", "\(Threads.count) of \(Threads.available()) available"),
            ("OpenBLAS", String(cString: openblas_get_config())),
            (
                "kept logits",
                "up to \(LogitMemory.limit >> 20) MiB a loss, so that InfoNCE multiplies them once (CONCORD_LOGITS_MIB)"
            ),
            ("memory", "\(memory ?? "unknown") in all, \(free ?? "unknown") available"),
        ]
    }

    /// What multiplies matrices, and why that.
    private static var matmulReason: String {
        MatmulChoice.current.blocks ? "Concord's own kernels, AVX-512; small ones by \(libraryReason)" : libraryReason
    }

    private static var libraryReason: String {
        if let measured = KernelTable.current.matmul {
            return "\(measured.library.rawValue), which was measured as the faster one"
        }
        switch matmulLibrary {
        case .openBLAS: return "OpenBLAS, \(openBLASCore) kernels"
        case .oneDNN where wideCores.contains(openBLASCore): return "oneDNN, which on Intel's processors is the faster"
        case .oneDNN:
            let forced =
                getenv("OPENBLAS_CORETYPE").map { " because OPENBLAS_CORETYPE=\(String(cString: $0)) is set" } ?? ""
            return "oneDNN: OpenBLAS would run \(openBLASCore) kernels\(forced), narrower than this processor's AVX-512"
        }
    }

    /// The maker's name; on x86 with the family and the model, for virtual machines call different processors alike.
    static var name: String {
        let maker = field(of: "/proc/cpuinfo", named: "model name") ?? "unknown"
        guard let family = field(of: "/proc/cpuinfo", named: "cpu family"),
            let model = field(of: "/proc/cpuinfo", named: "model\t")
        else { return maker }
        return "\(maker) (family \(family), model \(model))"
    }

    /// The text after `name:` in one of the kernel's tables.
    static func field(of path: String, named name: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 4096)
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            let line = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            guard line.hasPrefix(name), let colon = line.firstIndex(of: ":") else { continue }
            return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }.prefix { $0 != "\n" })
        }
        return nil
    }
}
