/// What messages about image and audio files have in common.
enum MediaFault {
    static func unreadable(_ path: String, _ reason: String) -> String { "\(path): cannot be read: \(reason)" }

    static func damaged(_ path: String, _ reason: String) -> String {
        "\(path): the file is damaged: \(reason); copy it again from its source or leave it out"
    }

    static func unsupported(_ path: String, _ reason: String) -> String { "\(path): \(reason)" }

    static func unwritable(_ path: String, _ reason: String) -> String { "\(path): cannot be written: \(reason)" }
}
