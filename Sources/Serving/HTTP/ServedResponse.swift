internal import FoundationEssentials

/// What a request is answered with.
struct ServedResponse: Sendable {
  let status: Int
  let contentType: String
  var headers: [(name: String, value: String)] = []
  let body: [UInt8]

  init(_ status: Int = 200, _ contentType: String = "application/json", headers: [(String, String)] = [], body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.headers = headers.map { (name: $0.0, value: $0.1) }
    self.body = body
  }

  /// JSON of a value.
  init(_ status: Int = 200, json value: some Encodable) {
    self.init(status, body: Self.json(value))
  }

  /// An error, as the Open Inference Protocol has it.
  static func failure(_ status: Int, _ message: String, headers: [(String, String)] = []) -> ServedResponse {
    ServedResponse(status, headers: headers, body: json(["error": message]))
  }

  static func json(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("text and finite numbers can be written") }
    return Array(data)
  }
}
