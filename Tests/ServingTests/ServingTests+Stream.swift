import Arrays
import Foundation
import ModelGraph
import Monitoring
import Stimuli
import Synchronization
import TestSupport
import Testing

@testable import Serving

extension RawConnection {
  /// Lines that a server of the network says it couldn't write.
  func lostLines() throws -> Int {
    let text = try request("GET", "/metrics").text
    let line = text.split(separator: "\n").first { $0.hasPrefix("nnfmri_server_lines_lost_total{") }
    return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
  }
}

/// What a server tells of its stream, and whom it must not wait for.
extension ServingTests {
  /// A pipe by name, of the least size, whose reader reads when it is told to.
  private final class StalledPipe {
    /// F_SETPIPE_SZ, which is a macro that Swift doesn't see.
    private static let setSize: Int32 = 1031

    private let descriptor: Int32

    init(_ path: String) throws {
      try #require(mkfifo(path, 0o600) == 0)
      descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
      try #require(descriptor >= 0 && fcntl(descriptor, Self.setSize, 4096) >= 0)
    }

    deinit { close(descriptor) }

    /// What is in the pipe.
    func read() -> [UInt8] {
      var (bytes, block) = ([UInt8](), [UInt8](repeating: 0, count: 65536))
      while case let count = Foundation.read(descriptor, &block, block.count), count > 0 { bytes += block.prefix(count) }
      return bytes
    }
  }

  /// Lines' stimuli, of those that are whole.
  private func stimuli(_ lines: [UInt8]) throws -> [Int] {
    try String(decoding: lines, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
      let json = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(json?["stimulus"] as? Int)
    }
  }

  @Test("answers, and ends, whatever the reader of verdicts' lines does, and counts what it leaves out")
  func stalledReader() throws {
    let folder = TemporaryFolder()
    let pipe = try StalledPipe(folder.path("lines"))
    let bench = try ServedBench { options in
      options.lines = folder.path("lines")
      (options.limits.lineBytes, options.limits.lineSeconds) = (8192, 0.1)
    }
    let (connection, values) = (try bench.connect(), try bench.values(3))
    var asked = 0
    while asked < 100, try connection.lostLines() == 0 {
      #expect(try connection.request("POST", path, body: body(values, rows: 3)).status == 200)
      asked += 1
    }
    #expect(try connection.lostLines() > 0)
    for probe in ["/v2/health/live", "/v2/health/ready", "/metrics", "/"] {
      #expect(try connection.request("GET", probe).status == 200)
    }
    #expect(bench.finish() == (true, 3 * asked))
    let written = try stimuli(pipe.read())
    #expect(written == Array(0..<written.count) && written.count + (bench.lostLines ?? 0) == 3 * asked)
  }

  @Test("goes on with its lines, in their order, when a reader that has stalled goes on")
  func resumedReader() throws {
    let folder = TemporaryFolder()
    let pipe = try StalledPipe(folder.path("lines"))
    let bench = try ServedBench { $0.lines = folder.path("lines") }
    let (connection, values) = (try bench.connect(), try bench.values(3))
    for _ in 0..<20 { #expect(try connection.request("POST", path, body: body(values, rows: 3)).status == 200) }
    bench.beginToEnd()
    var lines: [UInt8] = []
    while bench.lostLines == nil {
      lines += pipe.read()
      usleep(1_000)
    }
    #expect(try stimuli(lines + pipe.read()) == Array(0..<60) && bench.lostLines == 0)
  }

  @Test("refuses stimuli of one request to which an output has different shapes, and answers each alone")
  func changingShapes() throws {
    let values = (0..<720).map { (place: Int) -> Float in Float((place * 7919) % 1009) * 0.002 - 1 }
    let bench = try ServedBench(other: { (folder: TemporaryFolder) -> (model: String, data: String) in
      // As many columns of x as one, or one more where any is above 100.
      var graph = GraphBuilder(name: "cut")
      graph.input("x", [nil, 6])
      graph.node("MatMul", ["x", graph.random("w", [6, 4])], ["sums"])
      graph.node("Relu", ["sums"], ["a"])
      graph.node("MatMul", ["a", graph.random("v", [4, 3])], ["scores"])
      graph.node("ReduceMax", ["x"], ["most"], ["keepdims": .int(0)])
      graph.node("Greater", ["most", graph.number("hundred", 100)], ["isLarge"])
      graph.node("Cast", ["isLarge"], ["more"], ["to": .int(7)])
      graph.node("Add", ["more", graph.integers("one", [1])], ["end"])
      graph.node("Slice", ["x", graph.integers("start", [0]), "end", graph.integers("axis", [1])], ["cut"])
      graph.output("scores", [nil, 3])
      graph.output("cut", [nil, nil])
      let data = folder.path("x.npz")
      try writeNPZ([("x", NumericArray(shape: [120, 6], floats: values))], to: data)
      return (folder.file("cut.onnx", try Model(proto: graph.model, label: "cut.onnx").serialized()), data)
    })
    let connection = try bench.connect()
    func ask(_ firsts: [Int]) throws -> RawConnection.Answer {
      let text = firsts.map { "\($0),0,0,0,0,0" }.joined(separator: ",")
      return try connection.request(
        "POST", "/v2/models/other/infer",
        body: Array(
          "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[\(firsts.count),6],\"data\":[\(text)]}]}".utf8))
    }
    // Eight stimuli make a pass.
    let mixed = try ask([Int](repeating: 1, count: 8) + [200])
    #expect(mixed.status == 400 && mixed.text.contains("send one a request"), "\(mixed.text)")
    for (first, width) in [(1, 1), (200, 2)] {
      let outputs = try #require(try ask([first]).json()["outputs"] as? [[String: Any]])
      let cut = try #require(outputs.first { $0["name"] as? String == "cut" })
      #expect(cut["shape"] as? [Int] == [1, width] && (cut["data"] as? [Double])?.count == width)
    }
    // What was refused isn't judged.
    #expect(bench.finish() == (true, 2))
  }

  @Test("answers HEAD as GET, but without the body, so that the next answer is the next request's")
  func headRequests() throws {
    let bench = try ServedBench()
    let connection = try bench.connect()
    for (asked, status) in [
      ("/v2", 200), ("/v2/health/ready", 200), ("/", 200), ("/nothing", 404), (path, 405), ("/events", 405),
    ] {
      let head = try connection.request("HEAD", asked)
      #expect(head.status == status && head.body.isEmpty, "\(asked)")
      guard status != 405 else { continue }
      let get = try connection.request("GET", asked)
      #expect(get.status == status && head.headers["content-length"] == "\(get.body.count)")
      #expect(head.headers["content-type"] == get.headers["content-type"])
    }
    // One behind another, without waiting for answers.
    connection.send(
      "HEAD /v2 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v2/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    #expect(try connection.answer(hasBody: false).status == 200)
    #expect(try connection.answer().json()["live"] as? Bool == true)
    #expect(connection.isClosed())
  }

  @Test("tells all who follow of every stimulus once, in order")
  func followers() throws {
    let bench = try ServedBench()
    let (connection, values) = (try bench.connect(), try bench.values(3))
    let followers = try (0..<3).map { _ in
      let follower = try bench.connect()
      follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try follower.answer().status == 200)
      return follower
    }
    var told = followers.map { _ in [Int]() }
    var texts = followers.map { _ in "" }
    for round in 1...3 {
      #expect(try connection.request("POST", path, body: body(values, rows: 3)).status == 200)
      for (place, follower) in followers.enumerated() {
        while told[place].count < 3 * round {
          let more = follower.receive()
          try #require(!more.isEmpty)
          // Without the chunks' lengths: events are lines, of which only whole ones are looked at.
          texts[place] += String(decoding: more, as: UTF8.self)
          let lines = texts[place].split(separator: "\n", omittingEmptySubsequences: false)
          told[place] = try lines.dropLast().filter { $0.hasPrefix("data: ") && $0.contains("\"points\"") }.flatMap { line in
            let news = try JSONSerialization.jsonObject(with: Data(line.dropFirst(6).utf8)) as? [String: Any]
            return (news?["points"] as? [[String: Any]] ?? []).compactMap { $0["stimulus"] as? Int }
          }
        }
      }
    }
    for (stimuli, text) in zip(told, texts) {
      #expect(stimuli == Array(0..<9) && text.matches(of: #/event: opening/#).count == 1)
    }
  }

  @Test("makes what followers are told once for all of them, and not on the thread that asks")
  func sharedEvents() throws {
    let bench = try ServedBench()
    var judge = try Judge(bench.reference, outlierRate: 0.01, driftRate: 0.01)
    var trace = StreamTrace(bench.reference, model: "residual")
    let network = try MonitoredModel(bench.reference, model: nil)
    let feed = try network.feed(bench.network.stimuli(123).select([120, 121, 122]))
    func judgeNext() throws {
      let observation = try network.network.observe(feed, rows: [trace.count])[0]
      let verdict = judge.judge(observation)
      trace.take(observation, verdict, drift: judge.drift, seconds: 0)
    }
    var events = LiveEvents(opening: "opening\n\n", bench.reference, trace)
    let first = events.text(after: nil)
    #expect(first.text.hasPrefix("opening\n\nevent: news\n") && events.text(after: nil) == first)
    try judgeNext()
    events.take(trace)
    let second = events.text(after: first.told)
    #expect(second.text.hasPrefix("event: news\n") && second.text.contains("\"stimulus\":0}"))
    try judgeNext()
    events.take(trace)
    // One that has missed a text is told both; one that knows all, nothing; one that knows nothing, all.
    let third = events.text(after: second.told)
    #expect(events.text(after: first.told) == (second.text + third.text, third.told))
    #expect(events.text(after: third.told) == (LiveEvents.silence, third.told))
    #expect(events.text(after: nil).text.contains("\"stimulus\":1}") && events.text(after: 1000).text.hasPrefix("opening"))
    // A self-test is news, too.
    trace.takeSelfTest(worker: 0, passed: false)
    events.take(trace)
    #expect(events.text(after: third.told).text.contains("\"failedSelfTests\":1,"))

    let live = LiveFeed("residual", judge, followers: 3, interval: 0)
    let heard = Mutex<[String]>([])
    for _ in 0..<3 { live.ask(after: nil) { text, _ in heard.withLock { $0.append(text) } } }
    #expect(heard.withLock { $0.isEmpty })
    // A question more than there are followers is one of a follower that has gone.
    live.ask(after: nil) { text, told in #expect(text == LiveEvents.silence && told == nil) }
    live.close()
    live.work { trace }
    #expect(heard.withLock { $0.count == 3 && Set($0).count == 1 && $0[0].hasPrefix("event: opening\n") })
  }
}
