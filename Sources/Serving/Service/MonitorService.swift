import Files
import Monitoring
internal import Synchronization

/// A network that is served beside its monitor: what is asked of it is answered with what it says and how healthy it looks.
final class MonitorService: Sendable {
  let options: ServingOptions
  let signature: ModelSignature
  let queue: BoundedQueue<InferenceJob>
  /// Where verdicts' lines go; `nil` for nowhere.
  let lines: LineSink?
  let feed: LiveFeed
  /// Held by a worker while it judges, for the order of the stream.
  private let judge: Mutex<Judge>
  /// Held for no longer than a copy takes, since the thread of all connections asks for it.
  private let stream: Mutex<StreamTrace>
  private let metrics = Mutex(ServerMetrics())
  /// The listener's own counts; `nil` until it listens.
  private let connections = Mutex<ServerState?>(nil)

  /// - Throws: `FileError` where the file for verdicts' lines can't be opened.
  init(_ signature: ModelSignature, judge: Judge, options: ServingOptions) throws(FileError) {
    self.signature = signature
    self.options = options
    queue = BoundedQueue(limit: options.limits.queue)
    lines = if let path = options.lines { try LineSink(path, limit: options.limits.lineBytes) } else { nil }
    feed = LiveFeed(signature.name, judge, followers: options.limits.followers)
    stream = Mutex(StreamTrace(judge.reference, model: options.modelName))
    self.judge = Mutex(judge)
  }

  /// What is known of the stream.
  var trace: StreamTrace { stream.withLock { $0 } }

  func listens(_ state: ServerState) { connections.withLock { $0 = state } }

  private var counts: (open: Int, refused: Int) {
    connections.withLock { $0 }.map { (open: $0.openCount, refused: $0.refused) } ?? (0, 0)
  }

  // MARK: What workers tell

  func didRun(rows: Int) { metrics.withLock { $0.take(rows: rows) } }

  func judge(_ observation: WatchedNetwork.Observation, source: String, seconds: Double) -> (verdict: Verdict, line: String) {
    judge.withLock { judge in
      let verdict = judge.judge(observation)
      let drift = judge.drift
      let line = VerdictLine(verdict, source: source, stimulus: stream.withLock { $0.count }, by: judge, isFull: false).text
      lines?.put(line)
      stream.withLock { $0.take(observation, verdict, drift: drift, seconds: seconds) }
      return (verdict, line)
    }
  }

  func takeSelfTest(worker: Int, passed: Bool) { stream.withLock { $0.takeSelfTest(worker: worker, passed: passed) } }

  var hasSeveralConnections: Bool { counts.open > 1 }

  /// What an answer says of health: of its strangest stimulus in single values, and of all as a text of JSON.
  func parameters(_ judged: [(verdict: Verdict, line: String)]) -> [String: ParameterValue] {
    guard let worst = judged.min(by: { $0.verdict.pValues[.combined] ?? 1 < $1.verdict.pValues[.combined] ?? 1 })?.verdict else {
      return [:]
    }
    var parameters: [String: ParameterValue] = [
      "outlier": .flag(judged.contains { $0.verdict.isOutlier }), "finite": .flag(judged.allSatisfy { $0.verdict.isFinite }),
      "layer": .text(worst.worst.tensor), "health": .text("[" + judged.map(\.line).joined(separator: ",") + "]"),
    ]
    func set(_ name: String, _ value: Double?) {
      if let value = value.flatMap(VerdictLine.rounded) { parameters[name] = .number(value) }
    }
    for (score, p) in worst.pValues { set(score == .combined ? "p" : "p_\(score.rawValue)", p) }
    set("layer_z", worst.worst.strangeness)
    set("confidence", worst.answer.map { Double($0.probability) })
    if let region = worst.worst.regions.first {
      parameters["region"] = .text(region.name)
      set("region_z", region.z)
    }
    let (alarm, evidence, isSound) = stream.withLock { ($0.drift != nil, $0.evidence, $0.isSelfTestPassed) }
    parameters["drift_alarm"] = .flag(alarm)
    parameters["drift_log10_evidence"] = .number(evidence)
    if options.runsSelfTests { parameters["self_test_passed"] = .flag(isSound) }
    return parameters
  }

  /// All metrics, in Prometheus' text format.
  var metricsText: String {
    stream.withLock { $0.metrics }.text
      + metrics.withLock { $0 }.text(
        model: options.modelName, waiting: queue.count, connections: counts, lostLines: lines?.lost?.count ?? 0)
  }
}

extension MonitorService: RequestHandling {
  func didAnswer(_ head: RequestHead, status: Int, seconds: Double) {
    metrics.withLock { $0.take(route: Self.name(of: head.path), status: status, seconds: seconds) }
  }

  /// Few names, whatever paths are asked for.
  private static func name(of path: String) -> String {
    switch path {
    case "/", "/events", "/metrics": String(path.dropFirst()).isEmpty ? "page" : String(path.dropFirst())
    case _ where path.hasSuffix("/infer"): "infer"
    case _ where path.hasPrefix("/v2/health/"): "health"
    case _ where path == "/v2" || path.hasPrefix("/v2/"): "metadata"
    default: "other"
    }
  }

  func route(_ head: RequestHead) -> RequestRoute {
    let parts = head.path.split(separator: "/").map(String.init)
    guard parts.first == "v2" else { return page(head, parts) }
    if parts == ["v2"] {
      return reading(head) {
        ServedResponse(
          json: ServerMetadata(name: "nnfmri-mpi", version: options.programVersion, extensions: ["binary_tensor_data"]))
      }
    }
    if parts == ["v2", "health", "live"] {
      // Weights that were changed in memory are mended by a restart, which is what a failed probe leads to.
      let isSound = stream.withLock { $0.isSelfTestPassed }
      return reading(head) { ServedResponse(isSound ? 200 : 503, json: ["live": isSound]) }
    }
    if parts == ["v2", "health", "ready"] {
      let isSound = stream.withLock { $0.isSelfTestPassed }
      return reading(head) { ServedResponse(isSound ? 200 : 503, json: ["ready": isSound]) }
    }
    guard parts.count >= 3, parts[1] == "models" else { return .answer(Self.nothingHere(head)) }
    guard parts[2] == signature.name else {
      return .answer(.failure(404, "there is no model \"\(parts[2].prefix(128))\" here; this is \"\(signature.name)\""))
    }
    var rest = parts.dropFirst(3)
    if rest.first == "versions" {
      guard rest.dropFirst().first == "1" else { return .answer(.failure(404, "the model has the version 1 only")) }
      rest = rest.dropFirst(2)
    }
    switch Array(rest) {
    case []: return reading(head) { ServedResponse(json: signature.metadata) }
    case ["ready"]: return reading(head) { ServedResponse(json: ModelReadiness(name: signature.name, ready: true)) }
    case ["infer"]: return infer(head)
    default: return .answer(Self.nothingHere(head))
    }
  }

  private func page(_ head: RequestHead, _ parts: [String]) -> RequestRoute {
    switch parts {
    case []: reading(head) { LivePage.response }
    case ["metrics"]:
      reading(head) { ServedResponse(200, "text/plain; version=0.0.4; charset=utf-8", body: Array(metricsText.utf8)) }
    case ["events"]: head.method == "GET" ? .follow : .answer(Self.wrongMethod("GET"))
    default: .answer(Self.nothingHere(head))
    }
  }

  private func infer(_ head: RequestHead) -> RequestRoute {
    guard head.method == "POST" else { return .answer(Self.wrongMethod("POST")) }
    if let encoding = head.headers["content-encoding"], encoding.lowercased() != "identity" {
      return .answer(.failure(415, "requests compressed by \(encoding.prefix(32)) aren't read here: send them as they are"))
    }
    let length = head.headers["inference-header-content-length"]
    return .readBody { [queue] body, reply in
      guard queue.put(InferenceJob(content: RequestContent(body: body, jsonLength: length), reply: reply)) else {
        reply(.failure(503, "as many requests wait as may: try again", headers: [("Retry-After", "1")]))
        return
      }
    }
  }

  /// HEAD is answered as GET is; the connection leaves the body out.
  private func reading(_ head: RequestHead, _ response: () -> ServedResponse) -> RequestRoute {
    .answer(["GET", "HEAD"].contains(head.method) ? response() : Self.wrongMethod("GET, HEAD"))
  }

  private static func wrongMethod(_ allowed: String) -> ServedResponse {
    .failure(405, "this path takes \(allowed)", headers: [("Allow", allowed)])
  }

  private static func nothingHere(_ head: RequestHead) -> ServedResponse {
    .failure(404, "there is nothing at \(head.path.prefix(128))")
  }

  func tell(after told: Int?, _ reply: @escaping LiveFeed.Reply) { feed.ask(after: told, reply) }
}

private struct ServerMetadata: Encodable {
  let name: String
  let version: String
  let extensions: [String]
}

private struct ModelReadiness: Encodable {
  let name: String
  let ready: Bool
}
