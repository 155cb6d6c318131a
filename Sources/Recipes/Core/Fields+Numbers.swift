extension Fields {
    /// A whole number in a range.
    /// - Throws: `RecipeError` for a number outside of it.
    public func integer(
        _ key: String, default fallback: Int, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String
    ) throws -> Int {
        let result = try integer(key, range) ?? fallback
        guard range.contains(result) else { throw outOfRange(key, String(result), RecipeKey.range(range)) }
        remember(key, .scalar(String(result)), .integer, RecipeKey.range(range), String(fallback), meaning)
        return result
    }

    /// A whole number in a range, or nil where the recipe leaves it out.
    public func integer(_ key: String, in range: ClosedRange<Int> = 0...Int.max, _ meaning: String) throws -> Int? {
        let result = try integer(key, range)
        remember(key, result.map { .scalar(String($0)) } ?? .absent, .integer, RecipeKey.range(range), nil, meaning)
        return result
    }

    /// One of a few whole numbers.
    public func integer(_ key: String, default fallback: Int, oneOf values: [Int], _ meaning: String) throws -> Int {
        let known = values.map(String.init).joined(separator: ", ")
        let result = try integer(key, Int.min...Int.max) ?? fallback
        guard values.contains(result) else { throw fault(key, "\(result) is none of \(known)") }
        remember(key, .scalar(String(result)), .integer, known, String(fallback), meaning)
        return result
    }

    private func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = try scalar(key) else { return nil }
        guard let result = Int(text) else {
            // A number that no Int holds is out of range like any other.
            if let number = Double(text), abs(number) >= 0x1p63 { throw outOfRange(key, text, RecipeKey.range(range)) }
            throw fault(key, "a whole number wanted, \"\(text)\" found")
        }
        guard range.contains(result) else { throw outOfRange(key, text, RecipeKey.range(range)) }
        return result
    }

    /// Whole numbers: `[10, 8, 4]`.
    public func integers(
        _ key: String, default fallback: [Int], in range: ClosedRange<Int> = 1...Int.max, _ meaning: String
    ) throws -> [Int] {
        let texts = try list(key) ?? fallback.map(String.init)
        let numbers = texts.compactMap { Int($0) }
        guard numbers.count == texts.count, numbers.allSatisfy({ range.contains($0) }) else {
            throw fault(key, "a list of whole numbers, each \(RecipeKey.range(range)), wanted, as in [10, 8, 4]")
        }
        remember(key, .list(texts), .integers, RecipeKey.range(range), Self.listed(fallback.map(String.init)), meaning)
        return numbers
    }

    /// A number in a range.
    /// - Throws: `RecipeError` for a number outside of it.
    public func number(
        _ key: String, default fallback: Double, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude,
        _ meaning: String
    ) throws -> Double {
        let result = try number(key, range) ?? fallback
        guard range.contains(result) else { throw outOfRange(key, String(result), RecipeKey.range(range)) }
        remember(key, .scalar(String(result)), .number, RecipeKey.range(range), RecipeKey.short(fallback), meaning)
        return result
    }

    /// A number in a range, or nil where the recipe leaves it out.
    public func number(
        _ key: String, in range: ClosedRange<Double> = 0...Double.greatestFiniteMagnitude, _ meaning: String
    ) throws -> Double? {
        let result = try number(key, range)
        remember(key, result.map { .scalar(String($0)) } ?? .absent, .number, RecipeKey.range(range), nil, meaning)
        return result
    }

    private func number(_ key: String, _ range: ClosedRange<Double>) throws -> Double? {
        guard let text = try scalar(key) else { return nil }
        guard let result = Double(text) else { throw fault(key, "a number wanted, \"\(text)\" found") }
        guard range.contains(result) else { throw outOfRange(key, text, RecipeKey.range(range)) }
        return result
    }

    /// Numbers of a fixed count: `[0.9, 0.999]`.
    public func numbers(
        _ key: String, default fallback: [Double], in range: ClosedRange<Double>, _ meaning: String
    ) throws -> [Double] {
        let texts = try list(key) ?? fallback.map { String($0) }
        let numbers = texts.compactMap { Double($0) }
        guard numbers.count == fallback.count, texts.count == fallback.count, numbers.allSatisfy({ range.contains($0) })
        else {
            throw fault(key, "\(fallback.count) numbers, each \(RecipeKey.range(range)), wanted")
        }
        remember(key, .list(texts), .numbers, RecipeKey.range(range), Self.listed(fallback.map { String($0) }), meaning)
        return numbers
    }

    /// True or false.
    public func flag(_ key: String, default fallback: Bool, _ meaning: String) throws -> Bool {
        let words = ["true": true, "yes": true, "on": true, "false": false, "no": false, "off": false]
        var result = fallback
        if let text = try scalar(key) {
            guard let word = words[text.lowercased()] else {
                throw fault(key, "true or false wanted, \"\(text)\" found")
            }
            result = word
        }
        remember(key, .scalar(String(result)), .flag, "", String(fallback), meaning)
        return result
    }

    /// True or false, or nil where the recipe leaves it out.
    public func flag(_ key: String, _ meaning: String) throws -> Bool? {
        guard has(key) else {
            remember(key, .absent, .flag, "", nil, meaning)
            return nil
        }
        return try flag(key, default: false, meaning)
    }
}
