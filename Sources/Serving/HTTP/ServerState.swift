import NIOCore
private import Synchronization

/// What all connections of a server share.
final class ServerState: Sendable {
  private struct Content {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var held = 0
    var followers = 0
    var isDraining = false
    var refused = 0
  }

  let limits: ServerLimits
  /// Bytes that a body may have.
  let bodyLimit: Int
  let token: AccessToken?
  let isLoopback: Bool
  let service: any RequestHandling
  private let content = Mutex(Content())

  init(limits: ServerLimits, bodyLimit: Int, token: AccessToken?, isLoopback: Bool, service: any RequestHandling) {
    self.bodyLimit = bodyLimit
    (self.limits, self.token, self.isLoopback, self.service) = (limits, token, isLoopback, service)
  }

  /// Takes in a connection. - Returns: whether there is room for it.
  func open(_ channel: any Channel) -> Bool {
    content.withLock { content in
      guard content.channels.count < limits.connections, !content.isDraining else {
        content.refused += 1
        return false
      }
      content.channels[ObjectIdentifier(channel)] = channel
      return true
    }
  }

  func close(_ channel: any Channel) {
    content.withLock { content in content.channels[ObjectIdentifier(channel)] = nil }
  }

  var channels: [any Channel] { content.withLock { Array($0.channels.values) } }
  var openCount: Int { content.withLock { $0.channels.count } }
  /// Connections that were refused.
  var refused: Int { content.withLock { $0.refused } }
  var isDraining: Bool { content.withLock { $0.isDraining } }

  func beginDraining() { content.withLock { $0.isDraining = true } }

  /// Asks for memory of a body. - Returns: whether there is as much.
  func hold(_ bytes: Int) -> Bool {
    content.withLock { content in
      guard content.held + bytes <= ServerLimits.held(body: bodyLimit) else { return false }
      content.held += bytes
      return true
    }
  }

  func release(_ bytes: Int) { content.withLock { $0.held -= bytes } }

  func follow() -> Bool {
    content.withLock { content in
      guard content.followers < limits.followers else { return false }
      content.followers += 1
      return true
    }
  }

  func unfollow() { content.withLock { $0.followers -= 1 } }
}
