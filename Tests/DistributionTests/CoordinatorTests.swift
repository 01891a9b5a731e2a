import Foundation
import Testing
import UserErrors

@testable import Distribution

@Suite("A coordinator") struct CoordinatorTests {
  private func run(
    _ wire: ScriptedTransport, tasks: Int, stop: StopRequest = StopRequest()
  ) throws -> [Double] {
    var coordinator = Coordinator(wire: wire, stop: stop)
    var phase = ListPhase((0..<tasks).map { SquareTask(number: $0) }, progress: Progress { _ in })
    try coordinator.run(&phase, tick: {}) { try $0.run(on: (), pause: $1) }
    return phase.outputs
  }

  @Test("gives every task to some rank and keeps outputs in their order", arguments: [1, 2, 3, 7, 40])
  func allRanks(size: Int) throws {
    let wire = ScriptedTransport(size: size) { rank, number in .late(number * 7 % 5 + rank % 3) }
    #expect(try run(wire, tasks: 25) == (0..<25).map { Double($0 * $0) })
    #expect(wire.given.values.allSatisfy { Set($0).count == $0.count })
  }

  @Test("gives a slow rank no more than it can hold, and the rest to others")
  func slowRank() throws {
    let wire = ScriptedTransport(size: 40) { rank, _ in rank == 1 ? .late(2000) : .answer }
    #expect(try run(wire, tasks: 300).count == 300)
    #expect(wire.given[1]!.count == 2)
  }

  @Test("passes on a rank's failure with its exit code, after all others have answered")
  func failure() throws {
    let wire = ScriptedTransport(size: 40) { rank, number in
      number == 11 ? .fail(69, "no library on this rank") : .late(3)
    }
    let error = #expect(throws: Failure.self) { try run(wire, tasks: 100) }
    #expect(error?.exitStatus == .unavailable && error?.message == "no library on this rank")
    #expect(wire.interrupted == Set(1..<40))
  }

  @Test("stops on an answer that it can't read, instead of taking it for one")
  func nonsense() {
    let wire = ScriptedTransport(size: 40) { _, number in number == 5 ? .nonsense : .answer }
    let error = #expect(throws: MessageError.self) { try run(wire, tasks: 20) }
    #expect(error?.exitStatus == .defect)
  }

  @Test("ends early where a rank was asked to stop, and says so")
  func stopWish() {
    let wire = ScriptedTransport(size: 40) { rank, number in number == 3 ? .wish : .late(50) }
    let error = #expect(throws: EarlyStop.self) { try run(wire, tasks: 1000) }
    #expect(error?.reason.hasPrefix("a signal to rank") == true)
    #expect(wire.interrupted == Set(1..<40))
  }

  @Test("gives up where a rank that has work isn't heard of any more, and waits for one that gives signs of life")
  func silentRank() throws {
    func run(_ reaction: ScriptedTransport.Reaction) throws -> ScriptedTransport {
      let wire = ScriptedTransport(size: 40) { rank, _ in rank == 7 ? reaction : .answer }
      var coordinator = Coordinator(wire: wire, stop: StopRequest(), patience: 0.5)
      var phase = ListPhase((0..<100).map { SquareTask(number: $0) }, progress: Progress { _ in })
      try coordinator.run(&phase, tick: {}) { try $0.run(on: (), pause: $1) }
      return wire
    }
    let error = #expect(throws: LostRank.self) { try run(.silent) }
    #expect(error?.rank == 7)
    let wire = try run(.alive(times: 3, every: 0.4))
    #expect(wire.now > 1)
  }

  @Test("doesn't take others for lost because it has slept itself") func suspension() throws {
    var watch = SilenceWatch(ranks: 3, patience: 60)
    watch.hear(from: 2, at: 0)
    #expect(watch.lost(at: 1) { _ in true } == nil)
    #expect(watch.lost(at: 5000) { _ in true } == nil)
    watch.hear(from: 1, at: 5001)
    let lost = (0..<100).compactMap { second in watch.lost(at: 5002 + Double(second)) { $0 == 2 } }
    #expect(lost.first == 2)
  }

  @Test("ends early at the time limit") func deadline() {
    let error = #expect(throws: EarlyStop.self) {
      try run(ScriptedTransport(size: 3), tasks: 10, stop: StopRequest(deadline: 0))
    }
    #expect(error?.reason == "the time limit")
  }

  @Test("ends early where a file asks for it") func stopFile() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data().write(to: URL(filePath: folder + "/STOP"))
    let error = #expect(throws: EarlyStop.self) {
      try run(ScriptedTransport(size: 2), tasks: 10, stop: StopRequest(folders: ["/nowhere", folder]))
    }
    #expect(error?.reason == "the file \(folder)/STOP")
  }
}

@Suite("A rank that runs tasks") struct WorkerLoopTests {
  /// What a coordinator sends, and what the rank answers.
  private final class Script: Transport {
    let size = 2
    /// A second passes at every look.
    private(set) var now = 0.0
    var inbox: [(MessageKind, [UInt8])]
    /// Looks for an interrupt that find none, though one is there.
    var blindLooks = 0
    var sent: [(kind: MessageKind, bytes: [UInt8])] = []
    var spoken: [UInt8] = []

    init(_ inbox: [(MessageKind, [UInt8])]) { self.inbox = inbox }

    func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) { sent.append((kind, bytes)) }

    func receive(_ kind: MessageKind?) -> Message? {
      now += 1
      if kind == .interrupt, blindLooks > 0 {
        blindLooks -= 1
        return nil
      }
      guard let place = inbox.firstIndex(where: { kind == nil || $0.0 == kind }) else { return nil }
      let (kind, bytes) = inbox.remove(at: place)
      return Message(source: 0, kind: kind, bytes: bytes)
    }

    func rest() {}
    func broadcast(_ bytes: [UInt8]) -> [UInt8] { spoken }
    func finish() {}
  }

  private static var registry: TaskRegistry<Void> {
    var registry = TaskRegistry<Void>()
    registry.add(SquareTask.self)
    registry.add(FailingTask.self)
    registry.add(TaskBundle<SquareTask>.self)
    return registry
  }

  private struct FailingTask: RankTask {
    mutating func code(_ coder: inout MessageCoder) {}
    func run(on worker: Void, pause: () throws -> Void) throws -> Empty { throw Failure(.cannotWrite, "a full disk") }
  }

  private func serve(_ script: Script) throws -> Int {
    var loop = WorkerLoop(wire: script, worker: (), registry: Self.registry)
    return try loop.run()
  }

  private let stop = (MessageKind.stop, ExitCodeMessage(73).message)

  @Test("answers each task with its output, and ends with the code that it is given")
  func outputs() throws {
    let script = Script([(.task, NamedBody(SquareTask(number: 9)).message), stop])
    #expect(try serve(script) == 73)
    #expect(script.sent.map(\.kind) == [.output])
    #expect(try Double(message: TaskAnswer(message: script.sent[0].bytes).output) == 81)
  }

  @Test("tells why a task failed, with its exit code")
  func failure() throws {
    let script = Script([(.task, NamedBody(FailingTask()).message), stop])
    _ = try serve(script)
    #expect(script.sent.map(\.kind) == [.failure])
    #expect(try FailureMessage(message: script.sent[0].bytes).failure == Failure(.cannotWrite, "a full disk"))
  }

  @Test("leaves the task it is at, and all that follow, once it is interrupted")
  func interruption() throws {
    let task = (MessageKind.task, NamedBody(SquareTask(number: 1)).message)
    let script = Script([task, task, (.interrupt, []), stop])
    _ = try serve(script)
    #expect(script.sent.map(\.kind) == [.abandoned, .abandoned])
  }

  @Test("answers what was done of a bundle that is interrupted, and leaves what follows", arguments: 0...6)
  func interruptedBundle(looks: Int) throws {
    let bundle = TaskBundle((1...3).map { SquareTask(number: $0) })
    let message = (MessageKind.task, NamedBody(bundle).message)
    let script = Script([message, message, (.interrupt, []), stop])
    script.blindLooks = looks
    _ = try serve(script)
    // Each task looks once, and so does the bundle before each but the first.
    let done = min((looks + 1) / 2, 3)
    guard done > 0 else {
      #expect(script.sent.map(\.kind) == [.abandoned, .abandoned])
      return
    }
    #expect(script.sent[0].kind == .output)
    let output = try BundleOutput<Double>(message: TaskAnswer(message: script.sent[0].bytes).output)
    #expect(try output.results(of: bundle).map(\.output) == Array([1.0, 4, 9].prefix(done)))
    #expect(script.sent[1].kind == (looks > 5 ? .output : .abandoned))
  }

  @Test("gives a sign of life now and then while it is at a task") func signs() throws {
    let bundle = TaskBundle((1...60).map { SquareTask(number: $0) })
    let script = Script([(.task, NamedBody(bundle).message), stop])
    _ = try serve(script)
    #expect(script.sent.last?.kind == .output)
    #expect((2...20).contains(script.sent.count { $0.kind == .alive }))
  }

  @Test("refuses more outputs of a bundle than it has tasks") func longBundle() throws {
    var output = BundleOutput<Double>()
    for number in 0..<3 { output.append(Double(number), seconds: 1) }
    #expect(throws: MessageError.self) { try output.results(of: TaskBundle([SquareTask(), SquareTask()])) }
  }

  @Test("says so where it doesn't know a kind of task", arguments: [[], [1, 2, 3], NamedBody("?").message])
  func unknownTask(body: [UInt8]) throws {
    let script = Script([(.task, body), stop])
    _ = try serve(script)
    #expect(script.sent.map(\.kind) == [.failure])
    #expect(try FailureMessage(message: script.sent[0].bytes).failure.exitStatus == .defect)
  }
}

@Suite("A message") struct MessageCoderTests {
  private struct Everything: Coded, Equatable {
    var number = 0
    var real = 0.0
    var text = ""
    var range = 0..<0
    var bytes: [UInt8] = []
    var slice: ArraySlice<UInt8> = []
    var floats: [Float] = []
    var doubles: [Double] = []
    var numbers: [Int] = []
    var texts: [String] = []
    var arrays: [[Double]] = []

    mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
      try coder.code(&number)
      try coder.code(&real)
      try coder.code(&text)
      try coder.code(&range)
      try coder.code(&bytes)
      try coder.code(&slice)
      try coder.code(&floats)
      try coder.code(&doubles)
      try coder.code(&numbers)
      try coder.code(&texts)
      try coder.code(&arrays)
    }
  }

  private var full: Everything {
    Everything(
      number: -5, real: .infinity, text: "ζ 1", range: 3..<9, bytes: [0, 255], slice: [7, 1, 2, 3].dropFirst(),
      floats: [1.5, -0], doubles: [.pi],
      numbers: [.min, .max], texts: ["", "b"], arrays: [[], [1, 2]])
  }

  @Test("is read as it was written") func roundTrip() throws {
    #expect(try Everything(message: full.message) == full)
    #expect(try Everything(message: Everything().message) == Everything())
  }

  @Test("that is cut off or longer is refused, wherever") func cut() {
    let message = full.message
    for length in 0..<message.count {
      #expect(throws: MessageError.self) { try Everything(message: Array(message.prefix(length))) }
    }
    #expect(throws: MessageError.self) { try Everything(message: message + [0]) }
  }

  @Test("with a wrong length in it is refused, without taking memory for it") func hugeLength() {
    let huge = Int.max.littleEndianBytes
    for place in stride(from: 0, to: full.message.count - 8, by: 1) {
      var damaged = full.message
      damaged.replaceSubrange(place..<place + 8, with: huge)
      _ = try? Everything(message: damaged)
    }
  }
}

extension Int {
  fileprivate var littleEndianBytes: [UInt8] { withUnsafeBytes(of: littleEndian) { Array($0) } }
}
