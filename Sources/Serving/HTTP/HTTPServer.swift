import Files
internal import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import UserErrors

/// An HTTP/1.1 server whose memory and time its clients can't exhaust: connections, heads, bodies, waiting requests and unread answers
/// are bounded by `ServerLimits`.
///
/// One thread serves all connections, so nothing that takes long may happen on it.
final class HTTPServer {
  /// Descriptors besides those of connections.
  private static let ownDescriptors = 64

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let state: ServerState
  private let listener: any Channel
  /// Where it listens, with the port that was found free.
  let address: ServerAddress

  /// - Parameter bodyLimit: bytes that a body may have where the limits don't say.
  /// - Throws: `Failure` (`usage`) where the system lets the process have too few connections, (`unavailable`) where the address can't
  ///   be listened on.
  init(_ address: ServerAddress, limits: ServerLimits, bodyLimit: Int, token: AccessToken?, service: any RequestHandling) throws {
    let state = ServerState(
      limits: limits, bodyLimit: limits.body ?? bodyLimit, token: token, isLoopback: address.isLoopback, service: service)
    self.state = state
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 4)
      // A client that has sent all that it will still gets its answer.
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard state.open(channel) else {
            try channel.pipeline.syncOperations.addHandler(RefusalHandler())
            return
          }
          channel.closeFuture.whenComplete { _ in state.close(channel) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ConnectionHandler(state))
        }
      }
    do {
      try Self.allowDescriptors(limits.connections + Self.ownDescriptors)
      listener = try bootstrap.bind(host: address.host, port: address.port).wait()
    } catch let error as Failure {
      try? group.syncShutdownGracefully()
      throw error
    } catch {
      try? group.syncShutdownGracefully()
      throw Failure(.unavailable, "\(address) can't be listened on (\(error)): choose another with --serve")
    }
    let port = listener.localAddress?.port ?? address.port
    self.address = ServerAddress(host: address.host, port: port)
    service.listens(state)
  }

  /// Takes no more connections and requests, and waits until those that were accepted are answered, up to the limit's time.
  ///
  /// - Parameter rest: lets up to a hundredth of a second pass.
  /// - Returns: whether all were.
  func drain(rest: () throws -> Void) rethrows -> Bool {
    state.beginDraining()
    try? listener.close().wait()
    for channel in state.channels { channel.pipeline.fireUserInboundEventTriggered(DrainEvent()) }
    let end = monotonicSeconds() + state.limits.drainSeconds
    while !state.channels.isEmpty, monotonicSeconds() < end { try rest() }
    return state.channels.isEmpty
  }

  /// Closes everything.
  func stop() {
    for channel in state.channels { channel.close(promise: nil) }
    try? group.syncShutdownGracefully()
  }

  /// Lets the process have as many descriptors, where the system's own limit allows it.
  private static func allowDescriptors(_ count: Int) throws(Failure) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(count) else { return }
    let most = limit.rlim_max
    limit.rlim_cur = min(most, rlim_t(count))
    guard most >= rlim_t(count), setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw Failure(
        .usage,
        "the system allows this process \(most) open files, and \(count) are needed: raise 'ulimit -n', or lower --connections")
    }
  }
}

/// Tells a connection that the server is about to end.
struct DrainEvent: Sendable {}

/// Answers a connection for which there is no room.
private final class RefusalHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelActive(context: ChannelHandlerContext) {
    let body = "{\"error\":\"there are too many connections\"}"
    let text =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    context.close(promise: nil)
  }
}
