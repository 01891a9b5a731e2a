import Arrays
import Foundation
import ModelGraph
import TestSupport
import Testing

/// What a server tells of its stream, and whom it must not wait for.
extension ServingTests {
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
}
