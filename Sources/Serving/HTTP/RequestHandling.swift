/// A request's first line and headers, without what only the connection needs.
struct RequestHead: Sendable {
  let method: String
  /// Without the query.
  let path: String
  /// By lower-case name; of several the first.
  let headers: [String: String]
}

/// What is to happen with a request once its head is known.
enum RequestRoute: Sendable {
  case answer(ServedResponse)
  /// The body is read, and given with a function that answers, which is called once, from any thread.
  case readBody(@Sendable (_ body: [UInt8], _ reply: @escaping @Sendable (ServedResponse) -> Void) -> Void)
  /// The connection follows events until it is closed.
  case follow
}

/// What a server serves. Called on the thread that all connections share, so nothing may wait.
protocol RequestHandling: Sendable {
  func route(_ head: RequestHead) -> RequestRoute

  /// A request was answered, `seconds` after its head.
  func didAnswer(_ head: RequestHead, status: Int, seconds: Double)

  /// The server listens.
  func listens(_ state: ServerState)

  /// Tells one who follows events what is new, from any thread.
  ///
  /// - Parameters:
  ///   - told: what came with the text before; `nil` at first.
  ///   - reply: is called once.
  func tell(after told: Int?, _ reply: @escaping @Sendable (_ text: String, _ told: Int?) -> Void)
}
