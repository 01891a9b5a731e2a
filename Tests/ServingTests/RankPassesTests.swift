import Distribution
import Foundation
import Grids
import Monitoring
import Stimuli
import Synchronization
import TestSupport
import Testing
import UserErrors

@testable import Serving

@Suite("Ranks that make passes for a server")
struct RankPassesTests {
  /// The wire of one process to threads that stand for ranks, each of which answers what it is posted.
  private final class ThreadWire: Transport {
    let size: Int
    var now: Double { Date().timeIntervalSince1970 }
    private let arrived: Mutex<[Message]>
    private let answer: @Sendable (_ rank: Int, _ task: [UInt8]) -> (MessageKind, [UInt8])

    init(
      size: Int, arrived: [Message] = [], _ answer: @escaping @Sendable (_ rank: Int, _ task: [UInt8]) -> (MessageKind, [UInt8])
    ) {
      self.size = size
      self.arrived = Mutex(arrived)
      self.answer = answer
    }

    func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) {
      guard kind == .task else { return }
      let (kind, answer) = answer(rank, bytes)
      arrived.withLock { $0.append(Message(source: rank, kind: kind, bytes: answer)) }
    }

    /// The message that came last is there first: ranks don't wait for each other.
    func receive(_ kind: MessageKind?) -> Message? { arrived.withLock { $0.popLast() } }
    func rest() { usleep(50) }
    func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func finish() {}
  }

  /// A rank that is told tasks one after another, and then to stop.
  private final class RankWire: Transport {
    let size = 2
    let now = 0.0
    private(set) var posted: [(kind: MessageKind, bytes: [UInt8])] = []
    private var tasks: [[UInt8]]

    init(_ tasks: [[UInt8]]) { self.tasks = tasks }

    func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) { posted.append((kind, bytes)) }

    func receive(_ kind: MessageKind?) -> Message? {
      guard kind == nil else { return nil }
      guard !tasks.isEmpty else { return Message(source: 0, kind: .stop, bytes: [UInt8](repeating: 0, count: 8)) }
      return Message(source: 0, kind: .task, bytes: tasks.removeFirst())
    }

    func rest() {}
    func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func finish() {}
  }

  /// Carries messages on a thread of its own while the body asks.
  private func carrying<Result>(_ ranks: OtherRanks, _ body: () throws -> Result) rethrows -> Result {
    let isOver = Mutex(false)
    let ended = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      while !isOver.withLock({ $0 }) { try? ranks.carry(patience: 0.001) }
      ended.signal()
    }
    defer {
      isOver.withLock { $0 = true }
      ended.wait()
    }
    return try body()
  }

  @Test("give what this one gives, of what can be read and of what can't") func sameResults() throws {
    _ = try TestRuntime.make()
    let (network, folder) = (SmallNetwork.residual, TemporaryFolder())
    let files = try network.write(to: folder, stimuli: 120)
    var request = LearningRequest(model: files.model, data: files.data)
    request.grid = GridSize(height: 3, width: 3, channels: 2)
    request.selfTests = 2
    let learner = try MonitorLearner(request)
    let reference = try learner.reference([try learner.observe(rank: 0, of: 1) { _, _ in }], program: "test")
    let options = ServingOptions(
      address: try ServerAddress(parsing: "127.0.0.1:0"), modelName: "residual", programVersion: "test")
    let runner = try PassRunner(reference, model: nil, options: options)
    let values = try network.stimuli(3).floats(stimulus: 2)
    func content(_ more: [String: Any], binary: Bool = false) throws -> RequestContent {
      var input: [String: Any] = ["name": "image", "datatype": "FP32", "shape": [1, 2, 6, 6]]
      if binary {
        input["parameters"] = ["binary_data_size": 4 * values.count]
      } else {
        input["data"] = values.map(Double.init)
      }
      let json = Array(try JSONSerialization.data(withJSONObject: more.merging(["inputs": [input]]) { first, _ in first }))
      return RequestContent(
        body: json + (binary ? values.withUnsafeBytes(Array.init) : []), jsonLength: binary ? "\(json.count)" : nil)
    }
    let contents = try [
      content(["id": "first"]), RequestContent(body: Array("no request".utf8)), content([:], binary: true),
      content(["parameters": ["binary_data_output": true]]),
    ]
    let wire = RankWire([PassTask(requests: contents).posted, SelfTestTask().posted])
    #expect(try runner.serve(over: wire) == 0)
    #expect(wire.posted.map(\.kind) == [.output, .output])
    #expect(try SelfTestTask.Output(message: TaskAnswer(message: wire.posted[1].bytes).output).isPassed)
    func timeless(_ results: PassResults) -> [UInt8] {
      var results = results
      for place in results.requests.indices {
        for row in results.requests[place].stimuli.indices { results.requests[place].stimuli[row].seconds = 0 }
      }
      return results.message
    }
    let there = try PassResults(message: TaskAnswer(message: wire.posted[0].bytes).output)
    let here = runner.run(contents)
    #expect(timeless(there) == timeless(here))
    #expect(there.requests.map(\.status) == [200, 400, 200, 200] && there.passes == [3])
    #expect(
      there.requests.map(\.stimuli.count) == [1, 0, 1, 1] && there.requests[0].id == "first" && there.requests[2].id == nil)
    #expect(
      there.requests[0].stimuli[0].observation.answer?.predicted == here.requests[0].stimuli[0].observation.answer?.predicted)
    #expect(there.requests[2].outputs[0].bytes.count == 20)
  }

  @Test("answer those who asked, in whatever order they answer") func answers() throws {
    let wire = ThreadWire(size: 4) { rank, task in
      let number = (try? PassTask(posted: task))?.requests[0].body.first ?? 0
      var results = PassResults()
      results.passes = [rank, Int(number)]
      return (.output, TaskAnswer(results.message, seconds: 0).message)
    }
    let ranks = OtherRanks(wire, patience: 60)
    #expect(ranks.numbers == 1..<4)
    let given = Mutex<[[Int]]>([])
    carrying(ranks) {
      DispatchQueue.concurrentPerform(iterations: 60) { number in
        let passes = RankPasses(ranks: ranks, rank: 1 + number % 3)
        let results = try? passes.run([RequestContent(body: [UInt8(number)])])
        given.withLock { $0.append([1 + number % 3, number] + (results?.passes ?? [])) }
      }
    }
    let all = given.withLock { $0 }
    #expect(all.count == 60 && all.allSatisfy { $0.count == 4 && $0[0] == $0[2] && $0[1] == $0[3] })
  }

  @Test("tell why they couldn't, and count as failed in a self-test then") func failures() throws {
    let wire = ThreadWire(size: 2) { _, _ in (.failure, FailureMessage(Failure(.cannotWrite, "a full disk")).message) }
    let ranks = OtherRanks(wire, patience: 60)
    carrying(ranks) {
      #expect(throws: Failure(.cannotWrite, "a full disk")) { try RankPasses(ranks: ranks, rank: 1).run([RequestContent()]) }
      #expect(!RankPasses(ranks: ranks, rank: 1).passesSelfTest())
    }
  }

  /// A rank that is given tasks and never heard of, on a clock that goes on by a second at each look.
  private final class SilentWire: Transport {
    let size = 3
    private(set) var now = 0.0

    func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) {}
    func receive(_ kind: MessageKind?) -> Message? {
      now += 1
      return nil
    }
    func rest() {}
    func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
    func finish() {}
  }

  @Test("are lost where they leave a request without an answer, and only then") func silence() throws {
    let wire = SilentWire()
    let ranks = OtherRanks(wire, patience: 30)
    for _ in 0..<100 { try ranks.carry(patience: 0) }
    // It waits for ever: its thread isn't waited for.
    Thread.detachNewThread { _ = RankPasses(ranks: ranks, rank: 2).passesSelfTest() }
    let lost = #expect(throws: LostRank.self) {
      // Until the thread has asked, the clock goes on and nobody is awaited.
      while true { try ranks.carry(patience: 0.001) }
    }
    #expect(lost?.rank == 2 && wire.now >= 130)
  }

  @Test("pass on that they are asked to stop, and that they say what can't be understood") func wishes() throws {
    func heard(_ kind: MessageKind) -> OtherRanks {
      OtherRanks(
        ThreadWire(size: 2, arrived: [Message(source: 1, kind: kind, bytes: [])]) { _, _ in (.alive, []) }, patience: 60)
    }
    let asked = heard(.stopWish)
    #expect(!asked.isStopWished)
    try asked.carry(patience: 0)
    #expect(asked.isStopWished)
    let alive = heard(.alive)
    try alive.carry(patience: 0)
    #expect(!alive.isStopWished)
    for kind in [MessageKind.output, .stop, .notice] {
      #expect(throws: MessageError.self) { try heard(kind).carry(patience: 0) }
    }
  }
}
