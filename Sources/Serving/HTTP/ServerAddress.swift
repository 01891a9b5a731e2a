package import UserErrors

/// Where a server listens.
package struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
  package let host: String
  /// 0 for any that is free.
  package let port: Int

  /// - Parameter text: `HOST:PORT`, `[::1]:PORT`, or a port of 127.0.0.1.
  /// - Throws: `Failure` (`usage`).
  package init(parsing text: String) throws(Failure) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var host = parts.count == 1 ? "127.0.0.1" : parts.dropLast().joined(separator: ":")
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
    if isBracketed { host = String(host.dropFirst().dropLast()) }
    guard let last = parts.last, let port = UInt16(last), last.allSatisfy(\.isNumber), !host.isEmpty,
      isBracketed || !host.contains(":")
    else {
      throw Failure(.usage, "\"\(text)\" is no address: give HOST:PORT, such as 127.0.0.1:8000, or [::1]:8000")
    }
    self.host = host
    self.port = Int(port)
  }

  init(host: String, port: Int) {
    (self.host, self.port) = (host, port)
  }

  /// Whether only this machine can reach it.
  package var isLoopback: Bool { host == "127.0.0.1" || host == "::1" || host == "localhost" }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Whether a request's Host header names this machine itself. A page of another site whose name was made to point here would
  /// name that site.
  static func isLoopback(hostHeader: String) -> Bool {
    let host =
      hostHeader.hasPrefix("[")
      ? String(hostHeader.prefix { $0 != "]" }.dropFirst()) : String(hostHeader.prefix { $0 != ":" })
    return host == "127.0.0.1" || host == "::1" || host.lowercased() == "localhost"
  }
}
