#if canImport(Glibc)
    import Glibc
#endif

/// `base` to a whole power.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }
