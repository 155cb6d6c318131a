struct Log: Sendable { func critical(_ text: String) {} }
let log = Log()
