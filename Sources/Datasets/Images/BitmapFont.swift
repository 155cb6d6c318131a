/// Letters of 5 columns and 7 rows for labels in images: printable ASCII, drawn for Concord.
enum BitmapFont {
    static let width = 5
    /// From one letter, or line, to the next.
    static let advance = 6, lineHeight = 10

    /// Nine rows from the top, two of them below the line, the leftmost column in bit 4. What is not ASCII is an empty
    /// box.
    static func rows(of letter: Unicode.Scalar) -> [UInt8] {
        let index = Int(letter.value) - 32
        let digits = glyphs.indices.contains(index) ? glyphs[index] : "VHHHHHV"
        let rows = digits.utf8.map { $0 < 65 ? $0 - 48 : $0 - 55 }
        return "gpqy".unicodeScalars.contains(letter) ? [0, 0] + rows : rows + [0, 0]
    }

    /// Text cut into lines of at most `columns` letters, between words where there are any.
    static func lines(of text: String, columns: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.unicodeScalars.count + 1 + word.unicodeScalars.count <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                var rest = Array(word.unicodeScalars)
                repeat {
                    lines.append(String(String.UnicodeScalarView(rest.prefix(max(1, columns)))))
                    rest = Array(rest.dropFirst(max(1, columns)))
                } while !rest.isEmpty
            }
        }
        return lines
    }

    /// From space to tilde; one digit a row, base 32 (0-9, A-V).
    private static let glyphs = """
        0000000 4444404 AA00000 AAVAVAA 4FKE5U4 OP248J3 CIK8LID 4400000 2488842 8422248 04LEL40 044V440 0000C48 \
        000V000 00000CC 01248G0
        EHJLPHE 4C4444E EH1248V V2421HE 26AIV22 VGU11HE 68GUHHE V124888 EHHEHHE EHHF12C 0CC0CC0 0CC0C48 248G842 \
        00V0V00 8421248 EH12404
        EH1DLLE EHHVHHH UHHUHHU EHGGGHE SIHHHIS VGGUGGV VGGUGGG EHGNHHF HHHVHHH E44444E 72222IC HIKOKIH GGGGGGV \
        HRLLHHH HHPLJHH EHHHHHE
        UHHUGGG EHHHLID UHHUKIH FGGE11U V444444 HHHHHHE HHHHHA4 HHHLLLA HHA4AHH HHHA444 V1248GV E88888E 0G84210 \
        E22222E 4AH0000 000000V
        8420000 00E1FHF GGMPHHU 00EGGHE 11DJHHF 00EHVGE 698S888 FHHHF1E GGMPHHH 40C444E 20622IC GGIKOKI C44444E \
        00QLLHH 00MPHHH 00EHHHE
        UHHHUGG FHHHF11 00MPGGG 00EGE1U 88S8896 00HHHJD 00HHHA4 00HHLLA 00HA4AH HHHHF1E 00V248V 2448442 4444444 \
        8442448 008L200
        """.split(whereSeparator: \.isWhitespace)
}
