/// What a client can make a server hold, and for how long.
package struct ServerLimits: Sendable, Hashable {
  /// Connections at once; further ones are answered with 503.
  package var connections = 1024
  /// Bytes of one request's body.
  package var body = 32 << 20
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

  package init() {}

  /// Bytes of all bodies that are held at once.
  var held: Int { 4 * body }
}
