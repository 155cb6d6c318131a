import COpenBLAS
import COneDNN

/// What the processor has and what the libraries make of it.
public enum Processor {
    /// Which library multiplies float32 matrices.
    public enum MatmulLibrary: String, Sendable, Codable {
        /// OpenBLAS, where its kernels are as wide as the processor's vectors.
        case openBLAS = "OpenBLAS"
        /// oneDNN, elsewhere.
        case oneDNN = "oneDNN"
    }

    /// The kernels that OpenBLAS chose: "SkylakeX", "Haswell", …
    public static let openBLASCore: String = String(cString: openblas_get_corename())

    /// oneDNN's name of the widest instruction set that it may use here.
    public static var instructionSet: String {
        switch dnnl_get_effective_cpu_isa() {
        case dnnl_cpu_isa_avx512_core_amx: "AVX-512 with AMX"
        case dnnl_cpu_isa_avx512_core_bf16: "AVX-512 with BF16"
        case dnnl_cpu_isa_avx512_core_vnni: "AVX-512 with VNNI"
        case dnnl_cpu_isa_avx512_core: "AVX-512"
        case dnnl_cpu_isa_avx2_vnni: "AVX2 with VNNI"
        case dnnl_cpu_isa_avx2: "AVX2"
        default: "SSE4.1 or AVX"
        }
    }

    /// The instruction set is at least 512 bits wide.
    static let hasAVX512: Bool = dnnl_get_effective_cpu_isa().rawValue >= dnnl_cpu_isa_avx512_core.rawValue

    /// Products of bfloat16 numbers have instructions of their own (AVX512-BF16 or AMX), which oneDNN uses.
    public static let hasBFloat16: Bool =
        dnnl_get_effective_cpu_isa().rawValue >= dnnl_cpu_isa_avx512_core_bf16.rawValue

    /// Tiles for bfloat16 (AMX), which oneDNN uses.
    static let hasAMX: Bool = dnnl_get_effective_cpu_isa().rawValue >= dnnl_cpu_isa_avx512_core_amx.rawValue

    static let wideCores: Set<String> = ["SkylakeX", "Cooperlake", "SapphireRapids", "Zen5"]

    /// Intel's own processors run oneDNN's products 2 to 40 % faster than OpenBLAS 0.3.21's (Xeon of the fourth
    /// generation, shapes of ResNet-18 and of transformers); AMD's run OpenBLAS's as fast or faster.
    static let isIntel: Bool = field(of: "/proc/cpuinfo", named: "vendor_id") == "GenuineIntel"

    /// On Intel, and where OpenBLAS runs narrower kernels than the processor has (an old build, `OPENBLAS_CORETYPE`),
    /// oneDNN; else OpenBLAS.
    public static let matmulLibrary: MatmulLibrary =
        hasAVX512 && (isIntel || !wideCores.contains(openBLASCore)) ? .oneDNN : .openBLAS
}
