import Foundation

/// A connection that sends what it is told to, right or wrong.
package final class RawConnection {
  package struct Answer {
    package let status: Int
    /// By lower-case name.
    package let headers: [String: String]
    package let body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body's JSON, or that before binary tensors.
    package func json() throws -> [String: Any] {
      let length = headers["inference-header-content-length"].flatMap(Int.init) ?? body.count
      return try JSONSerialization.jsonObject(with: Data(body.prefix(length))) as? [String: Any] ?? [:]
    }
  }

  package struct Broken: Error {}

  private let descriptor: Int32
  private var received: [UInt8] = []

  package init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Broken() }
  }

  deinit { close(descriptor) }

  package func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  package func send(_ text: String) { send(Array(text.utf8)) }

  /// Says that nothing more will be sent, and goes on listening.
  package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// What comes next, after answers that were read. - Returns: nothing at the end.
  package func receive() -> [UInt8] {
    if !received.isEmpty {
      defer { received = [] }
      return received
    }
    var block = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &block, block.count, 0)
    return Array(block.prefix(max(0, count)))
  }

  private func receiveMore() throws {
    let before = received
    received = []
    let more = receive()
    guard !more.isEmpty else { throw Broken() }
    received = before + more
  }

  /// Whether the server has closed the connection, which is waited for.
  package func isClosed() -> Bool { receive().isEmpty }

  /// Reads one answer. - Parameter hasBody: whether it has the body whose length it tells; answers to HEAD don't.
  package func answer(hasBody: Bool = true) throws -> Answer {
    let end = Array("\r\n\r\n".utf8)
    var split: Range<Int>?
    while split == nil {
      split = received.firstRange(of: end)
      if split == nil { try receiveMore() }
    }
    let lines = String(decoding: received[..<split!.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let colon = line.firstIndex(of: ":")!
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    received.removeFirst(split!.upperBound)
    let length = hasBody ? headers["content-length"].flatMap(Int.init) ?? 0 : 0
    while received.count < length { try receiveMore() }
    defer { received.removeFirst(length) }
    return Answer(
      status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: headers, body: Array(received.prefix(length)))
  }

  /// Sends a request, and reads its answer.
  package func request(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []
  ) throws -> Answer {
    var headers = headers
    if headers["Host"] == nil { headers["Host"] = "localhost" }
    if !body.isEmpty { headers["Content-Length"] = "\(body.count)" }
    send(
      "\(method) \(path) HTTP/1.1\r\n" + headers.map { "\($0): \($1)\r\n" }.joined() + "\r\n")
    send(body)
    return try answer(hasBody: method != "HEAD")
  }
}
