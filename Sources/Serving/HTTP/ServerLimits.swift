/// What clients, and who reads verdicts' lines, can make a server hold, and for how long.
package struct ServerLimits: Sendable, Hashable {
  /// Connections at once; further ones are answered with 503.
  package var connections = 1024
  /// Bytes of one request's body; `nil` for what fits the model.
  package var body: Int?
  /// Requests that wait for a pass.
  package var queue = 128
  /// Connections that follow the live page's events.
  package var followers = 16
  /// Seconds until the first request's head has to be whole.
  package var headSeconds = 10.0
  /// Seconds from a request's head to the end of its body.
  package var bodySeconds = 30.0
  /// Seconds that a connection may be kept without a request, and that an answer may stay unread.
  package var idleSeconds = 60.0
  /// Seconds that accepted requests have to be finished in once the server is to end.
  package var drainSeconds = 30.0
  /// Bytes of verdicts' lines that wait until their file takes them; further lines are left out.
  package var lineBytes = 16 << 20
  /// Seconds that they have to be written in once the last request is answered.
  package var lineSeconds = 5.0

  package init() {}

  /// Bytes of all bodies that are held at once, of which one may have `body`.
  static func held(body: Int) -> Int { 4 * body }

  /// Bytes that a body may have where nothing is said: room for 64 stimuli in JSON, between 1 and 64 MB. Reading JSON takes some ten times
  /// its length, so that no more is let in than a model can use.
  ///
  /// - Parameter elements: of all inputs of a stimulus; `nil` where their lengths are free.
  static func body(elements: Int?) -> Int {
    guard let elements else { return 32 << 20 }
    return min(max(1 << 20, min(elements, 64 << 20) * 64 * 24), 64 << 20)
  }
}
