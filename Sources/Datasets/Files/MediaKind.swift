import ConcordFiles

/// What an image or audio file is, recognized by its first bytes and never by its name.
package struct MediaKind: Sendable, Equatable {
    package enum Medium: Sendable { case image, sound }

    /// The library that decodes it.
    package enum Decoder: Sendable { case jpeg, png, webp, sndfile }

    package let medium: Medium
    /// As people call it: "GIF".
    package let name: String
    /// Nil for a kind that is not read.
    package let decoder: Decoder?

    package var isRead: Bool { decoder != nil }

    /// Bytes that decide: enough for two frames of MPEG audio.
    package static let headLength = 4096

    /// The kind of a file that begins with these bytes; nil where they belong to no image and no sound.
    package init?(_ head: [UInt8]) {
        if let known = Self.signatures.first(where: { $0.matches(head) }) {
            self = known.kind
        } else if let kind = Self.ogg(head) ?? Self.isoMedia(head) ?? Self.mpeg(head) ?? Self.bitmap(head)
            ?? Self.vectorGraphics(head)
        {
            self = kind
        } else {
            return nil
        }
    }

    package init(_ medium: Medium, _ name: String, _ decoder: Decoder? = nil) {
        (self.medium, self.name, self.decoder) = (medium, name, decoder)
    }

    /// Why a file of this kind is not read, with a command that makes one that is.
    package func refusal(of path: String) -> String {
        let name = Paths.name(of: path), stem = Paths.stem(of: name)
        switch medium {
        case .image:
            let command =
                switch self.name {
                case "HEIC": "heif-convert '\(name)' '\(stem).png'"
                case "SVG": "rsvg-convert '\(name)' -o '\(stem).png'"
                case "DICOM": "dcmj2pnm --write-png '\(name)' '\(stem).png'"
                default: "magick '\(name)' '\(stem).png'"
                }
            return "\(self.name) images are not read; make it a PNG or JPEG, for example with: \(command)"
        case .sound where self.name == "MIDI":
            return
                """
                MIDI files hold notes and no sound; render it first, for example with: fluidsynth -F '\(stem).wav' \
                SOUNDFONT '\(name)'
                """
        case .sound:
            return
                """
                \(self.name) sounds are not read; make it a WAV or FLAC, for example with: ffmpeg -i '\(name)' \
                '\(stem).wav'
                """
        }
    }
}

extension MediaKind {
    /// Bytes at fixed places.
    private struct Signature {
        let kind: MediaKind
        let parts: [(offset: Int, bytes: [UInt8])]

        init(_ kind: MediaKind, _ bytes: [UInt8], at offset: Int = 0) { (self.kind, parts) = (kind, [(offset, bytes)]) }

        init(_ kind: MediaKind, _ text: String, at offset: Int = 0) { self.init(kind, Array(text.utf8), at: offset) }

        /// A container's name at the start, and its contents' further on.
        init(_ kind: MediaKind, _ text: String, _ second: String, at offset: Int) {
            (self.kind, parts) = (kind, [(0, Array(text.utf8)), (offset, Array(second.utf8))])
        }

        func matches(_ head: [UInt8]) -> Bool { parts.allSatisfy { MediaKind.has($0.bytes, in: head, at: $0.offset) } }
    }

    private static func has(_ bytes: [UInt8], in head: [UInt8], at offset: Int) -> Bool {
        head.count >= offset + bytes.count && head[offset..<offset + bytes.count].elementsEqual(bytes)
    }

    private static let jpeg = MediaKind(.image, "JPEG", .jpeg), png = MediaKind(.image, "PNG", .png)
    private static let jpeg2000 = MediaKind(.image, "JPEG 2000"), jpegXL = MediaKind(.image, "JPEG XL"),
        tiff = MediaKind(.image, "TIFF")

    private static func image(_ name: String) -> MediaKind { MediaKind(.image, name) }
    private static func sound(_ name: String, _ decoder: Decoder? = nil) -> MediaKind {
        MediaKind(.sound, name, decoder)
    }

    private static let signatures: [Signature] = [
        Signature(jpeg, [0xFF, 0xD8, 0xFF]),
        Signature(png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        Signature(MediaKind(.image, "WebP", .webp), "RIFF", "WEBP", at: 8),
        Signature(image("GIF"), "GIF8"),
        Signature(tiff, "II*\0"), Signature(tiff, "MM\0*"), Signature(tiff, "II+\0"), Signature(tiff, "MM\0+"),
        Signature(jpeg2000, [0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]), Signature(jpeg2000, [0xFF, 0x4F, 0xFF, 0x51]),
        Signature(jpegXL, [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20]), Signature(jpegXL, [0xFF, 0x0A]),
        Signature(image("Photoshop"), "8BPS"), Signature(image("OpenEXR"), [0x76, 0x2F, 0x31, 0x01]),
        Signature(image("QOI"), "qoif"),
        Signature(image("DDS"), "DDS "), Signature(image("DICOM"), "DICM", at: 128),
        Signature(image("raw camera"), "FUJIFILMCCD-RAW"),
        Signature(image("NIfTI"), "n+1\0", at: 344), Signature(image("FITS"), "SIMPLE  ="),
        Signature(image("icon"), [0, 0, 1, 0]),
        Signature(image("Netpbm"), "P4\n"), Signature(image("Netpbm"), "P5\n"), Signature(image("Netpbm"), "P6\n"),
        Signature(image("Netpbm"), "P5 "), Signature(image("Netpbm"), "P6 "), Signature(image("Netpbm"), "P7\n"),

        Signature(sound("WAV", .sndfile), "RIFF", "WAVE", at: 8),
        Signature(sound("WAV", .sndfile), "RIFX", "WAVE", at: 8),
        Signature(sound("RF64", .sndfile), "RF64", "WAVE", at: 8),
        Signature(sound("RF64", .sndfile), "BW64", "WAVE", at: 8),
        Signature(sound("AIFF", .sndfile), "FORM", "AIFF", at: 8),
        Signature(sound("AIFF", .sndfile), "FORM", "AIFC", at: 8),
        Signature(sound("SVX", .sndfile), "FORM", "8SVX", at: 8),
        Signature(sound("SVX", .sndfile), "FORM", "16SV", at: 8),
        Signature(sound("FLAC", .sndfile), "fLaC"), Signature(sound("AU", .sndfile), ".snd"),
        Signature(sound("AU", .sndfile), "dns."),
        Signature(sound("CAF", .sndfile), "caff"),
        Signature(sound("W64", .sndfile), "riff", "wave", at: 24),
        Signature(sound("SPHERE", .sndfile), "NIST_1A"), Signature(sound("VOC", .sndfile), "Creative Voice File"),
        Signature(sound("IRCAM", .sndfile), [0x64, 0xA3]), Signature(sound("PAF", .sndfile), " paf"),
        Signature(sound("PAF", .sndfile), "fap "),
        Signature(sound("PVF", .sndfile), "PVF1"), Signature(sound("AVR", .sndfile), "2BIT"),
        Signature(sound("MP3", .sndfile), "ID3"),
        Signature(sound("MIDI"), "MThd"), Signature(sound("AAC"), "ADIF"), Signature(sound("AMR"), "#!AMR"),
        Signature(sound("Monkey's Audio"), "MAC "), Signature(sound("WavPack"), "wvpk"),
        Signature(sound("Musepack"), "MPCK"),
        Signature(sound("Musepack"), "MP+"), Signature(sound("TTA"), "TTA1"), Signature(sound("DSD"), "DSD "),
        Signature(sound("DSD"), "FRM8"), Signature(sound("Shorten"), "ajkg"), Signature(sound("RealAudio"), ".RMF"),
        Signature(sound("RealAudio"), [0x2E, 0x72, 0x61, 0xFD]),
        Signature(sound("WMA"), [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]),
        Signature(sound("Matroska or WebM"), [0x1A, 0x45, 0xDF, 0xA3]), Signature(sound("AVI"), "RIFF", "AVI ", at: 8),
        Signature(sound("DTS"), [0x7F, 0xFE, 0x80, 0x01]), Signature(sound("AC-3"), [0x0B, 0x77]),
        Signature(sound("QuickTime"), "moov", at: 4), Signature(sound("QuickTime"), "mdat", at: 4),
    ]

    /// What an Ogg stream holds, by the first packet of its first page.
    private static func ogg(_ head: [UInt8]) -> MediaKind? {
        guard has(Array("OggS".utf8), in: head, at: 0) else { return nil }
        let packet = head.count > 26 ? 27 + Int(head[26]) : 27
        func holds(_ text: String) -> Bool { has(Array(text.utf8), in: head, at: packet) }
        if holds("Speex   ") { return sound("Speex") }
        if has([0x80] + Array("theora".utf8), in: head, at: packet) { return sound("Theora") }
        if has([0x7F] + Array("FLAC".utf8), in: head, at: packet) { return sound("FLAC in Ogg", .sndfile) }
        return sound("OGG", .sndfile)
    }

    /// MP4, M4A, HEIC and AVIF are one container; its brand says which.
    private static func isoMedia(_ head: [UInt8]) -> MediaKind? {
        guard has(Array("ftyp".utf8), in: head, at: 4), head.count >= 12 else { return nil }
        switch String(decoding: head[8..<12], as: UTF8.self) {
        case "avif", "avis": return image("AVIF")
        case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1": return image("HEIC")
        case "crx ": return image("raw camera")
        case "M4A ", "M4B ", "M4P ": return sound("M4A")
        case "qt  ": return sound("QuickTime")
        default: return sound("MP4 and M4A")
        }
    }

    /// MPEG audio and ADTS AAC: a frame header, and another where the first frame says it ends.
    ///
    /// The second one keeps UTF-16 text apart, which begins with FF FE.
    private static func mpeg(_ head: [UInt8]) -> MediaKind? {
        guard head.count >= 4, head[0] == 0xFF, head[1] & 0xE0 == 0xE0 else { return nil }
        if head[1] & 0xF6 == 0xF0 {
            guard head.count >= 7, head[2] >> 2 & 0xF < 13 else { return nil }
            let length = Int(head[3] & 3) << 11 | Int(head[4]) << 3 | Int(head[5] >> 5)
            let isFrame =
                length >= 7 && (length + 1 >= head.count || (head[length] == 0xFF && head[length + 1] & 0xF6 == 0xF0))
            return isFrame ? sound("AAC") : nil
        }
        guard let length = MPEGFrame(head[...])?.length else { return nil }
        let isAlone = length + 4 > head.count && head[1] != 0xFE
        let isFrame = isAlone || length + 4 <= head.count && MPEGFrame(head[length...]) != nil
        return isFrame ? sound("MP3", .sndfile) : nil
    }

    private static func bitmap(_ head: [UInt8]) -> MediaKind? {
        guard head.count >= 18, has(Array("BM".utf8), in: head, at: 0), head[6..<10].allSatisfy({ $0 == 0 }) else {
            return nil
        }
        return [12, 40, 52, 56, 64, 108, 124].contains(head[14]) && head[15..<18].allSatisfy { $0 == 0 }
            ? image("BMP") : nil
    }

    private static func vectorGraphics(_ head: [UInt8]) -> MediaKind? {
        let text = String(decoding: head.prefix(1024), as: UTF8.self).drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        return text.hasPrefix("<svg") || (text.hasPrefix("<?xml") && text.contains("<svg")) ? image("SVG") : nil
    }
}

/// A frame header of MPEG audio.
///
/// - Source: ISO/IEC 11172-3, 2.4.1.3, and 13818-3 for the lower rates.
struct MPEGFrame {
    /// Bytes of the frame, its header included.
    let length: Int
    let layer: Int

    init?(_ bytes: ArraySlice<UInt8>) {
        let start = bytes.startIndex
        guard bytes.count >= 4, bytes[start] == 0xFF, bytes[start + 1] & 0xE0 == 0xE0 else { return nil }
        let version = Int(bytes[start + 1] >> 3 & 3), layer = 4 - Int(bytes[start + 1] >> 1 & 3)
        let bitrate = Int(bytes[start + 2] >> 4), rate = Int(bytes[start + 2] >> 2 & 3),
            padding = Int(bytes[start + 2] >> 1 & 1)
        guard version != 1, layer < 4, (1...14).contains(bitrate), rate < 3 else { return nil }
        let kilobits =
            switch (version == 3, layer) {
            case (true, 1): [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448]
            case (true, 2): [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384]
            case (true, _): [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
            case (false, 1): [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256]
            case (false, _): [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
            }
        let hertz = [44100, 48000, 32000][rate] / (version == 3 ? 1 : version == 2 ? 2 : 4)
        let bits = kilobits[bitrate - 1] * 1000
        self.layer = layer
        length =
            switch layer {
            case 1: (12 * bits / hertz + padding) * 4
            case 3 where version != 3: 72 * bits / hertz + padding
            default: 144 * bits / hertz + padding
            }
    }
}
