package import Distribution

/// Passes for requests, on whichever rank.
struct PassTask: RankTask {
  var requests: [RequestContent] = []

  mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&requests) }

  func run(on worker: PassRunner, pause: () throws -> Void) -> PassResults { worker.run(requests) }
}

/// A self-test of a rank's network.
struct SelfTestTask: RankTask {
  struct Output: Coded {
    var isPassed = false

    mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
      var passed = isPassed ? 1 : 0
      try coder.code(&passed)
      isPassed = passed == 1
    }
  }

  mutating func code(_ coder: inout MessageCoder) {}

  func run(on worker: PassRunner, pause: () throws -> Void) -> Output { Output(isPassed: worker.passesSelfTest()) }
}

/// Another rank's passes, for a thread of the server.
struct RankPasses: PassMaking {
  let ranks: OtherRanks
  let rank: Int

  func run(_ contents: [RequestContent]) throws -> PassResults { try ranks.ask(PassTask(requests: contents), of: rank) }

  func passesSelfTest() -> Bool { (try? ranks.ask(SelfTestTask(), of: rank).isPassed) ?? false }
}

extension PassRunner {
  /// Makes passes for the server's rank until it says that nothing more will come.
  ///
  /// - Returns: the exit code that it gave.
  /// - Throws: the transport's errors.
  package func serve(over wire: some Transport) throws -> Int {
    var registry = TaskRegistry<PassRunner>()
    registry.add(PassTask.self)
    registry.add(SelfTestTask.self)
    var loop = WorkerLoop(wire: wire, worker: self, registry: registry)
    return try loop.run()
  }
}
