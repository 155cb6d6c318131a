struct Named: Sendable { let texts: [String: Available<Tokens>] }
let text: TextTransformer = any()
