import Arrays
import Files
import Foundation
import ModelGraph
import Monitoring
import Serving
import TestSupport
import Testing

@Suite("A served network")
struct ServingTests {
  let path = "/v2/models/residual/infer"

  private func floats(_ bytes: some Sequence<UInt8>) -> [Float] {
    Array(bytes).withUnsafeBytes { all in
      (0..<all.count / 4).map { all.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }

  private func isClose(_ one: [Float], _ other: [Float]) -> Bool {
    one.count == other.count && zip(one, other).allSatisfy { abs($0 - $1) <= 1e-5 * (1 + abs($1)) }
  }

  /// JSON of a request with tensors in JSON.
  func body(_ values: [Float], rows: Int, more: [String: Any] = [:]) throws -> [UInt8] {
    let input: [String: Any] = [
      "name": "image", "datatype": "FP32", "shape": [rows, 2, 6, 6], "data": values.map(Double.init),
    ]
    return Array(try JSONSerialization.data(withJSONObject: more.merging(["inputs": [input]]) { first, _ in first }))
  }

  @Test("answers what the network alone does, in JSON and in binary, one stimulus or several, with its health beside")
  func answers() throws {
    let bench = try ServedBench { $0.runsSelfTests = true }
    let (values, expected) = (try bench.values(3), try bench.answers(3))
    let connection = try bench.connect()
    let plain = try connection.request("POST", path, body: body(Array(values.prefix(72)), rows: 1, more: ["id": "first"]))
    let json = try plain.json()
    #expect(plain.status == 200 && json["id"] as? String == "first" && json["model_name"] as? String == "residual")
    let output = try #require((json["outputs"] as? [[String: Any]])?.first)
    #expect(output["name"] as? String == "logits" && output["shape"] as? [Int] == [1, 5])
    #expect(isClose(try #require(output["data"] as? [Double]).map(Float.init), expected[0]))
    let parameters = try #require(json["parameters"] as? [String: Any])
    let p = try #require(parameters["p"] as? Double)
    #expect(p > 0 && p <= 1 && parameters["finite"] as? Bool == true && parameters["self_test_passed"] as? Bool == true)
    #expect(bench.reference.layers.map(\.layer.tensor).contains(try #require(parameters["layer"] as? String)))
    // Three at once, with binary tensors both ways.
    let header = Array(
      """
      {"inputs":[{"name":"image","datatype":"FP32","shape":[3,2,6,6],"parameters":{"binary_data_size":\(values.count * 4)}}],
      "outputs":[{"name":"logits","parameters":{"binary_data":true}}]}
      """.utf8)
    let binary = try connection.request(
      "POST", "/v2/models/residual/versions/1/infer", headers: ["Inference-Header-Content-Length": "\(header.count)"],
      body: header + values.withUnsafeBytes(Array.init))
    #expect(binary.status == 200)
    let length = try #require(binary.headers["inference-header-content-length"].flatMap(Int.init))
    #expect(isClose(floats(binary.body.dropFirst(length)), expected.flatMap(\.self)))
    let health = try #require((try binary.json()["parameters"] as? [String: Any])?["health"] as? String)
    let lines = try #require(try JSONSerialization.jsonObject(with: Data(health.utf8)) as? [[String: Any]])
    #expect(lines.map { $0["stimulus"] as? Int } == [1, 2, 3])
    let metrics = try connection.request("GET", "/metrics").text
    #expect(metrics.contains("nnfmri_monitor_stimuli_total{model=\"residual\"} 4\n"))
    #expect(metrics.contains("nnfmri_server_requests_total{model=\"residual\",route=\"infer\",code=\"200\"} 2\n"))
    #expect(bench.finish() == (true, 4))
  }

  @Test("gives outputs as the model does, also where they count time before stimuli, and takes inputs that are empty")
  func ownLayout() throws {
    let values = (0..<960).map { (place: Int) -> Float in Float((place * 7919) % 1009) * 0.002 - 1 }
    let bench = try ServedBench(other: { (folder: TemporaryFolder) -> (model: String, data: String) in
      // x and an empty cache behind it; a, and a with time before stimuli.
      var graph = GraphBuilder(name: "time_major")
      graph.input("x", [nil, 2, 4])
      graph.input("cache", [nil, 0, 4])
      graph.node("Concat", ["x", "cache"], ["all"], ["axis": .int(1)])
      graph.node("MatMul", ["all", graph.random("w", [4, 5])], ["sums"])
      graph.node("Relu", ["sums"], ["a"])
      graph.node("Transpose", ["a"], ["turned"], ["perm": .ints([1, 0, 2])])
      graph.node("MatMul", ["turned", graph.random("v", [5, 3])], ["logits"])
      graph.output("logits", [2, nil, 3])
      let data = folder.path("stimuli.npz")
      try writeNPZ(
        [
          ("x", NumericArray(shape: [120, 2, 4], floats: values)), ("cache", NumericArray(shape: [120, 0, 4], floats: [])),
        ], to: data)
      return (folder.file("time_major.onnx", try Model(proto: graph.model, label: "time_major.onnx").serialized()), data)
    })
    let connection = try bench.connect()
    func ask(_ rows: Int) throws -> RawConnection.Answer {
      let numbers = values.prefix(rows * 8).map { "\($0)" }.joined(separator: ",")
      return try connection.request(
        "POST", "/v2/models/other/infer",
        body: Array(
          """
          {"inputs":[{"name":"x","datatype":"FP32","shape":[\(rows),2,4],"data":[\(numbers)]},
          {"name":"cache","datatype":"FP32","shape":[\(rows),0,4],"data":[]}]}
          """.utf8))
    }
    let answer = try ask(1)
    let output = try #require((try answer.json()["outputs"] as? [[String: Any]])?.first)
    #expect(answer.status == 200 && output["shape"] as? [Int] == [2, 1, 3])
    // As many stimuli as there are times: what is whose can't be told by the length.
    let two = try ask(2)
    #expect(two.status == 400 && two.text.contains("one stimulus at a time"), "\(two.text)")
  }

  @Test("looks at all outputs that it answers with: what isn't finite in one that isn't read is told, and makes an outlier")
  func otherOutputs() throws {
    let values = (0..<720).map { (place: Int) -> Float in Float((place * 7919) % 1009) * 0.002 - 1 }
    let bench = try ServedBench(other: { (folder: TemporaryFolder) -> (model: String, data: String) in
      var graph = GraphBuilder(name: "two")
      graph.input("x", [nil, 6])
      graph.node("MatMul", ["x", graph.random("w", [6, 4])], ["sums"])
      graph.node("Relu", ["sums"], ["a"])
      graph.node("MatMul", ["a", graph.random("v", [4, 3])], ["scores"])
      graph.node("Softmax", ["scores"], ["classes"])
      graph.floats("ones", [6, 1], [1, 1, 1, 1, 1, 1])
      graph.node("MatMul", ["x", "ones"], ["sum"])
      graph.node("Sqrt", ["sum"], ["depth"])
      graph.output("classes", [nil, 3])
      graph.output("depth", [nil, 1])
      let data = folder.path("x.npz")
      try writeNPZ([("x", NumericArray(shape: [120, 6], floats: values))], to: data)
      return (folder.file("two.onnx", try Model(proto: graph.model, label: "two.onnx").serialized()), data)
    })
    let connection = try bench.connect()
    func ask(_ numbers: [Float], _ outputs: String = "") throws -> [String: Any] {
      let text = numbers.map { "\($0)" }.joined(separator: ",")
      let answer = try connection.request(
        "POST", "/v2/models/other/infer",
        body: Array(
          "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[\(numbers.count / 6),6],\"data\":[\(text)]}]\(outputs)}"
            .utf8))
      return try #require(try answer.json()["parameters"] as? [String: Any], "\(answer.text)")
    }
    let (positive, negative) = ([Float](repeating: 0.3, count: 6), [Float](repeating: -0.3, count: 6))
    #expect(try ask(positive)["finite"] as? Bool == true)
    let broken = try ask(negative)
    #expect(broken["finite"] as? Bool == false && broken["outlier"] as? Bool == true)
    #expect(try ask(negative, ",\"outputs\":[{\"name\":\"classes\"}]")["finite"] as? Bool == true)
    let health = try #require(try ask(positive + negative + positive)["health"] as? String)
    let lines = try #require(try JSONSerialization.jsonObject(with: Data(health.utf8)) as? [[String: Any]])
    #expect(lines.map { $0["finite"] as? Bool } == [true, false, true])
    #expect(try connection.request("GET", "/metrics").text.contains("nnfmri_monitor_not_finite_total{model=\"other\"} 2\n"))
  }

  @Test("tells what it is, shows a page, and lets it follow events")
  func tells() throws {
    let bench = try ServedBench()
    let connection = try bench.connect()
    #expect(try connection.request("GET", "/v2").json()["extensions"] as? [String] == ["binary_tensor_data"])
    for probe in ["live", "ready"] {
      let answer = try connection.request("GET", "/v2/health/\(probe)")
      let says = try answer.json()[probe] as? Bool
      #expect(answer.status == 200 && says == true)
    }
    let model = try connection.request("GET", "/v2/models/residual").json()
    let input = try #require((model["inputs"] as? [[String: Any]])?.first)
    #expect(input["name"] as? String == "image" && input["datatype"] as? String == "FP32")
    #expect(input["shape"] as? [Int] == [-1, 2, 6, 6])
    #expect(try connection.request("GET", "/v2/models/residual/ready").status == 200)
    let page = try connection.request("GET", "/")
    #expect(page.headers["content-type"]?.hasPrefix("text/html") == true && page.text.contains("EventSource"))
    let follower = try bench.connect()
    follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    #expect(try follower.answer().headers["content-type"] == "text/event-stream")
    var events = ""
    for _ in 0..<50 where !events.contains("event: news") {
      let more = follower.receive()
      try #require(!more.isEmpty)
      events += String(decoding: more, as: UTF8.self)
    }
    #expect(events.contains("event: opening") && events.contains("\"model\":\"residual\""))
  }

  @Test(
    "says in a sentence what is wrong with a request, and goes on",
    arguments: [
      ("", "JSON"), ("{", "JSON"), ("[1]", "another kind"), ("{\"inputs\":[]}", "missing"), ("{\"inputs\":7}", "inputs"),
      (input("\"shape\":[1,2,6,6],\"datatype\":\"FP32\",\"data\":[1,2]"), "fewer numbers"),
      (input("\"shape\":[1,2,6],\"datatype\":\"FP32\",\"data\":[1,2,3,4,5,6,7,8,9,10,11,12]"), "the shape [1, 2, 6]"),
      (input("\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[1,2]"), "more numbers"),
      (input("\"shape\":[9223372036854775807,4],\"datatype\":\"FP32\",\"data\":[1]"), "impossible shape"),
      (input("\"shape\":[-1,-4],\"datatype\":\"FP32\",\"data\":[1]"), "impossible shape"),
      (input("\"shape\":[0,2,6,6],\"datatype\":\"FP32\",\"data\":[]"), "the shape [0, 2, 6, 6]"),
      (input("\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[\"a\"]"), "BYTES"),
      (input("\"shape\":[1],\"datatype\":\"FP16\",\"data\":[1]"), "binary tensor"),
      (input("\"shape\":[1],\"datatype\":\"FP64\",\"data\":[1]"), "not FP64"),
      (input("\"shape\":[1],\"datatype\":\"FP32\",\"data\":[\"a\"]"), "another kind"),
      (input("\"shape\":[1],\"datatype\":\"FP32\",\"data\":[1e999]"), "at inputs[0].data[0]"),
      (input("\"shape\":[1],\"datatype\":\"FP32\""), "needs either"),
      (input("\"shape\":[1],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":4}"), "ends within"),
      (input("\"shape\":[1],\"datatype\":\"FP32\",\"parameters\":{\"binary_data_size\":-4}"), "-4 bytes"),
      (
        input(
          "\"shape\":[1],\"datatype\":\"FP32\",\"data\":" + String(repeating: "[", count: 30) + String(repeating: "]", count: 30)),
        "lists"
      ),
      (input("\"shape\":[1],\"datatype\":\"FP32\",\"data\":" + String(repeating: "[", count: 100_000)), "JSON"),
    ])
  func refusesBodies(body: String, words: String) throws {
    let bench = Self.shared
    let connection = try bench.connect()
    let answer = try connection.request(
      "POST", path, headers: body.isEmpty ? ["Content-Length": "0"] : [:], body: Array(body.utf8))
    let message = try answer.json()["error"] as? String
    #expect(answer.status == 400 && message?.contains(words) == true, "\(answer.text)")
    #expect(try connection.request("GET", "/v2/health/live").status == 200)
  }

  private static func input(_ rest: String) -> String { "{\"inputs\":[{\"name\":\"image\",\(rest)}]}" }

  /// One for all that doesn't change it.
  nonisolated(unsafe) private static let shared = try! ServedBench { options in
    options.limits.body = 200_000
    options.limits.headSeconds = 0.3
    options.limits.bodySeconds = 0.3
  }

  @Test("refuses what isn't for it with the status that HTTP has for it")
  func refuses() throws {
    let bench = Self.shared
    func status(_ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8] = []) throws -> Int {
      try bench.connect().request(method, path, headers: headers, body: body).status
    }
    #expect(try status("GET", path) == 405)
    #expect(try status("POST", "/v2/health/live") == 405)
    #expect(try status("GET", "/v2/models/other") == 404)
    #expect(try status("GET", "/v2/models/residual/versions/2") == 404)
    #expect(try status("GET", "/../etc/passwd") == 404)
    #expect(try status("GET", "/metrics", ["Host": "attacker.example"]) == 421)
    #expect(try status("POST", path, ["Origin": "http://attacker.example"], body: [0x7B]) == 403)
    #expect(try status("POST", path, ["Content-Encoding": "gzip"], body: [0x7B]) == 415)
    #expect(try status("POST", path, ["Inference-Header-Content-Length": "99999999999999999999"], body: [0x7B]) == 400)
    #expect(try status("POST", path, body: [UInt8](repeating: 0x20, count: 300_000)) == 413)
    // Never announced, and never ending.
    let endless = try bench.connect()
    endless.send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<30 { endless.send("2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n") }
    #expect(try endless.answer().status == 413)
    for garbage in [
      "\u{0}\u{1}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nX-Long: " + String(repeating: "x", count: 200_000),
    ] {
      let connection = try bench.connect()
      connection.send(garbage)
      #expect(try connection.answer().status == 400, "\(garbage.prefix(40))")
      #expect(connection.isClosed())
    }
  }

  @Test("closes connections that dawdle, at their head or their body")
  func slow() throws {
    for start in ["GET /v2 HTTP/1.1\r\nHos", "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"] {
      let connection = try Self.shared.connect()
      connection.send(start)
      #expect(connection.isClosed())
    }
  }

  @Test("answers a client that has sent all that it will, and lets one go that has sent too little")
  func halfClosed() throws {
    let bench = try ServedBench()
    let body = try body(bench.values(1), rows: 1)
    let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n"
    let whole = try bench.connect()
    whole.send(Array(head.utf8) + body)
    whole.finishSending()
    #expect(try whole.answer().status == 200)
    #expect(whole.isClosed())
    let part = try bench.connect()
    part.send(Array(head.utf8) + body.prefix(10))
    part.finishSending()
    while !part.receive().isEmpty {}
    #expect(bench.finish() == (true, 1))
  }

  @Test("puts verdicts' lines behind what a file has")
  func lines() throws {
    let folder = TemporaryFolder()
    let path = folder.file("verdicts.jsonl", Array("before\n".utf8))
    let bench = try ServedBench { $0.lines = path }
    let answer = try bench.connect().request("POST", self.path, body: body(bench.values(3), rows: 3))
    let health = try #require((try answer.json()["parameters"] as? [String: Any])?["health"] as? String)
    #expect(bench.finish() == (true, 3))
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    #expect(lines.count == 4 && lines[0] == "before")
    #expect(health == "[" + lines.dropFirst().joined(separator: ",") + "]")
  }

  @Test("goes on answering where lines can't be written, and counts them")
  func fullDisk() throws {
    let bench = try ServedBench { $0.lines = "/dev/full" }
    let connection = try bench.connect()
    #expect(try connection.request("POST", path, body: body(bench.values(1), rows: 1)).status == 200)
    // They are written a moment after the answer.
    var lost = 0
    for _ in 0..<2_000 where lost == 0 {
      lost = try connection.lostLines()
      usleep(5_000)
    }
    #expect(lost == 1)
    #expect(throws: FileError.self) { try ServedBench { $0.lines = "/nowhere/verdicts" } }
  }

  @Test("serves only who has the token, but for the probes")
  func token() throws {
    let token = "0123456789abcdefghij"
    let bench = try ServedBench { $0.token = try AccessToken(parsing: token) }
    func status(_ path: String, _ header: String?) throws -> Int {
      try bench.connect().request("GET", path, headers: header.map { ["Authorization": $0] } ?? [:]).status
    }
    #expect(try status("/v2/health/ready", nil) == 200)
    for path in ["/", "/v2", "/metrics", "/events", "/v2/models/residual"] {
      #expect(try status(path, nil) == 401)
      #expect(try status(path, "Bearer \(token)x") == 401)
    }
    #expect(try status("/v2", "Bearer \(token)") == 200)
    #expect(try status("/v2", "Basic " + Data("anyone:\(token)".utf8).base64EncodedString()) == 200)
    #expect(try status("/v2", "Basic !") == 401)
    #expect(throws: (any Error).self) { try AccessToken(parsing: "short") }
  }

  @Test("has no more connections than it may, and takes new ones when others have gone")
  func connections() throws {
    let bench = try ServedBench { $0.limits.connections = 2 }
    var first: RawConnection? = try bench.connect()
    let second = try bench.connect()
    #expect(try first?.request("GET", "/v2").status == 200)
    #expect(try second.request("GET", "/v2").status == 200)
    let third = try bench.connect()
    let refusal = try third.answer()
    #expect(refusal.status == 503 && refusal.headers["retry-after"] != nil)
    first = nil
    // The server hears of it a moment later.
    var status = 503
    for _ in 0..<200 where status == 503 {
      status = (try? bench.connect().request("GET", "/v2").status) ?? 503
      usleep(5_000)
    }
    #expect(status == 200)
  }

  @Test("finishes what it has accepted when it is to end, and takes nothing new")
  func drains() throws {
    let bench = try ServedBench()
    let (begun, idle) = (try bench.connect(), try bench.connect())
    #expect(try idle.request("GET", "/v2").status == 200)
    let body = try body(bench.values(1), rows: 1)
    begun.send("POST \(path) HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: \(body.count)\r\n\r\n")
    #expect(try begun.answer().status == 100)
    begun.send(Array(body.prefix(10)))
    bench.beginToEnd()
    #expect(idle.isClosed())
    #expect(throws: RawConnection.Broken.self) { try bench.connect().request("GET", "/v2") }
    begun.send(Array(body.dropFirst(10)))
    let answer = try begun.answer()
    #expect(answer.status == 200 && answer.headers["connection"] == "close")
    #expect(begun.isClosed())
    #expect(bench.finish() == (true, 1))
  }

  @Test(
    "knows which addresses others can reach",
    arguments: [
      ("127.0.0.1:8000", true), ("localhost:1", true), ("[::1]:9", true), ("8000", true), ("0.0.0.0:80", false),
      ("[::]:80", false),
    ])
  func addresses(text: String, isLoopback: Bool) throws {
    #expect(try ServerAddress(parsing: text).isLoopback == isLoopback)
  }

  @Test("refuses what is no address", arguments: ["", ":", "a", "a:", "a:b", "a:65536", "::1:80", "1:+2", ":80"])
  func noAddresses(text: String) {
    #expect(throws: (any Error).self) { try ServerAddress(parsing: text) }
  }
}
