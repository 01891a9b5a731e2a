import Files
import NIOCore
import NIOHTTP1

/// Serves one connection: request after request, each within its limits.
final class ConnectionHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Stage {
    /// Between requests.
    case idle
    /// The answer is known, and given when the request has ended.
    case answering(ServedResponse)
    case receiving
    /// What is computed will answer.
    case waiting
    /// The answer is on its way; what still comes is thrown away.
    case leaving
    case following
    case closed
  }

  /// Seconds that a client has to hear an answer that it is refused with while it still sends.
  private static let farewellSeconds = 2.0
  private static let eventMilliseconds: Int64 = 250
  /// Events that a follower may leave unread, one after another.
  private static let missedEvents = 120

  private let state: ServerState
  private var stage = Stage.idle
  private var head: RequestHead?
  private var start = 0.0
  private var keepsAlive = false
  private var body = ByteBuffer()
  /// Bytes of the body that are held, from the first one until it has been answered.
  private var held = 0
  private var accept: (@Sendable ([UInt8], @escaping @Sendable (ServedResponse) -> Void) -> Void)?
  private var deadline: Scheduled<Void>?
  private var events: RepeatedTask?
  private var missed = 0
  /// What a follower has been told of.
  private var told: Int?
  /// Whether what it is told next is being made.
  private var isAsking = false

  init(_ state: ServerState) { self.state = state }

  func channelActive(context: ChannelHandlerContext) {
    close(in: state.limits.headSeconds, context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  /// A parser's error, which has been answered, or the connection's: neither can be mended.
  func errorCaught(context: ChannelHandlerContext, error: any Error) { leave(context) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is DrainEvent {
      switch stage {
      case .idle, .following: leave(context)
      case .answering, .receiving, .waiting, .leaving, .closed: break
      }
    } else if event as? ChannelEvent == .inputClosed {
      // The client sends no more, and may still read.
      switch stage {
      case .waiting: keepsAlive = false
      case .leaving, .closed: break
      // What isn't all there never will be.
      case .idle, .answering, .receiving, .following: leave(context)
      }
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(head, context)
    case .body(let part): take(part, context)
    case .end: finish(context)
    }
  }

  // MARK: A request's parts

  private func begin(_ httpHead: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard case .idle = stage else { return }
    deadline?.cancel()
    let head = RequestHead(httpHead)
    self.head = head
    start = monotonicSeconds()
    keepsAlive = httpHead.isKeepAlive && httpHead.version == .http1_1
    let length = head.headers["content-length"].flatMap { Int($0) }
    let hasBody = length ?? 0 != 0 || head.headers["transfer-encoding"] != nil
    if let length, length > state.bodyLimit {
      refuse(.tooLarge(state.bodyLimit), context)
      return
    }
    switch refusal(of: head) ?? state.service.route(head) {
    case .answer(let response):
      if hasBody { refuse(response, context) } else { stage = .answering(response) }
    case .readBody(let accept):
      self.accept = accept
      stage = .receiving
      body = context.channel.allocator.buffer(capacity: min(length ?? 0, 64 << 10))
      if head.headers["expect"]?.lowercased() == "100-continue" {
        context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
      }
      close(in: state.limits.bodySeconds, context)
    case .follow:
      guard !hasBody, state.follow() else {
        refuse(.failure(503, "too many follow the events already", headers: [("Retry-After", "10")]), context)
        return
      }
      follow(context)
    }
  }

  private func take(_ part: ByteBuffer, _ context: ChannelHandlerContext) {
    guard case .receiving = stage else { return }
    var part = part
    guard body.readableBytes + part.readableBytes <= state.bodyLimit else {
      refuse(.tooLarge(state.bodyLimit), context)
      return
    }
    guard state.hold(part.readableBytes) else {
      refuse(.failure(503, "the server holds as many bytes of requests as it may", headers: [("Retry-After", "1")]), context)
      return
    }
    held += part.readableBytes
    body.writeBuffer(&part)
  }

  private func finish(_ context: ChannelHandlerContext) {
    switch stage {
    case .answering(let response): answer(response, context)
    case .receiving:
      deadline?.cancel()
      stage = .waiting
      let bytes = body.readBytes(length: body.readableBytes) ?? []
      body = ByteBuffer()
      let loop = context.eventLoop
      let (bound, boundContext) = (NIOLoopBound(self, eventLoop: loop), NIOLoopBound(context, eventLoop: loop))
      let accept = accept
      self.accept = nil
      accept?(bytes) { response in
        loop.execute { bound.value.reply(response, boundContext.value) }
      }
    case .leaving: context.close(promise: nil)
    case .idle, .waiting, .following, .closed: break
    }
  }

  private func reply(_ response: ServedResponse, _ context: ChannelHandlerContext) {
    state.release(held)
    held = 0
    guard case .waiting = stage else { return }
    answer(response, context)
  }

  // MARK: Answers

  /// What every request is asked before it is looked at.
  private func refusal(of head: RequestHead) -> RequestRoute? {
    let isProbe = head.path == "/v2/health/live" || head.path == "/v2/health/ready"
    if state.isDraining, !isProbe {
      keepsAlive = false
      return .answer(.failure(503, "the server is about to end", headers: [("Retry-After", "5")]))
    }
    if let token = state.token {
      guard isProbe || token.admits(head.headers["authorization"]) else {
        return .answer(
          .failure(
            401, "the server wants its token: send 'Authorization: Bearer TOKEN'",
            headers: [("WWW-Authenticate", "Basic realm=\"nnfmri-mpi\", charset=\"UTF-8\"")]))
      }
    } else if state.isLoopback, !ServerAddress.isLoopback(hostHeader: head.headers["host"] ?? "localhost") {
      return .answer(.failure(421, "this server is only for its own machine: name it localhost, 127.0.0.1 or [::1]"))
    }
    // A page of another site may send requests without being able to read the answers, and they would be judged.
    if let origin = head.headers["origin"], let host = head.headers["host"],
      origin.lowercased() != "http://" + host.lowercased(), origin.lowercased() != "https://" + host.lowercased()
    {
      return .answer(.failure(403, "pages of other sites may not send requests"))
    }
    return nil
  }

  private func answer(_ response: ServedResponse, _ context: ChannelHandlerContext) {
    let isLast = !keepsAlive || state.isDraining
    write(response, isLast: isLast, context)
    stage = .idle
    if isLast { stage = .leaving }
  }

  /// Answers before the request has ended, and closes once its sender has had time to hear it.
  private func refuse(_ response: ServedResponse, _ context: ChannelHandlerContext) {
    accept = nil
    body = ByteBuffer()
    state.release(held)
    (held, keepsAlive) = (0, false)
    write(response, isLast: false, context)
    stage = .leaving
    close(in: Self.farewellSeconds, context)
  }

  private func write(_ response: ServedResponse, isLast: Bool, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders([
      ("Content-Type", response.contentType), ("Content-Length", "\(response.body.count)"),
      ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"),
    ])
    for header in response.headers { headers.add(name: header.name, value: header.value) }
    if isLast || !keepsAlive { headers.add(name: "Connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: response.status)
    context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
    // Whoever asks by HEAD takes what comes behind the head for the next answer's.
    if head?.method != "HEAD" {
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
    }
    close(in: state.limits.idleSeconds, context)
    let written = context.eventLoop.makePromise(of: Void.self)
    if isLast {
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    if let head { state.service.didAnswer(head, status: response.status, seconds: monotonicSeconds() - start) }
    head = nil
  }

  // MARK: Events

  private func follow(_ context: ChannelHandlerContext) {
    stage = .following
    let headers = HTTPHeaders([
      ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ("Connection", "close"),
    ])
    context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .ok, headers: headers))), promise: nil)
    context.flush()
    ask(context)
    let loop = context.eventLoop
    let (bound, boundContext) = (NIOLoopBound(self, eventLoop: loop), NIOLoopBound(context, eventLoop: loop))
    events = loop.scheduleRepeatedTask(
      initialDelay: .milliseconds(Self.eventMilliseconds), delay: .milliseconds(Self.eventMilliseconds)
    ) { _ in
      bound.value.sendNext(boundContext.value)
    }
  }

  private func sendNext(_ context: ChannelHandlerContext) {
    guard case .following = stage, !isAsking else { return }
    guard context.channel.isWritable else {
      missed += 1
      if missed > Self.missedEvents { context.close(promise: nil) }
      return
    }
    missed = 0
    ask(context)
  }

  private func ask(_ context: ChannelHandlerContext) {
    isAsking = true
    let loop = context.eventLoop
    let (bound, boundContext) = (NIOLoopBound(self, eventLoop: loop), NIOLoopBound(context, eventLoop: loop))
    state.service.tell(after: told) { text, told in
      loop.execute { bound.value.tell(text, told, boundContext.value) }
    }
  }

  private func tell(_ text: String, _ told: Int?, _ context: ChannelHandlerContext) {
    isAsking = false
    guard case .following = stage else { return }
    self.told = told
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
  }

  // MARK: Ends

  private func close(in seconds: Double, _ context: ChannelHandlerContext) {
    deadline?.cancel()
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1000))) {
      bound.value.close(promise: nil)
    }
  }

  private func leave(_ context: ChannelHandlerContext) {
    end()
    context.close(promise: nil)
  }

  private func end() {
    deadline?.cancel()
    deadline = nil
    events?.cancel()
    events = nil
    switch stage {
    case .following: state.unfollow()
    // What is being computed gives its bytes back when it is done.
    case .waiting, .closed: break
    case .idle, .answering, .receiving, .leaving:
      state.release(held)
      held = 0
    }
    accept = nil
    body = ByteBuffer()
    stage = .closed
  }
}

extension RequestHead {
  init(_ head: HTTPRequestHead) {
    method = head.method.rawValue
    path = String(head.uri.prefix { $0 != "?" })
    headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}

extension ServedResponse {
  static func tooLarge(_ limit: Int) -> ServedResponse {
    .failure(413, "a request may have \(limit) bytes, and this one has more: send fewer stimuli at once, or raise --max-body")
  }
}
