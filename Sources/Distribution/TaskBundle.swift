import Files

/// Some tasks of one kind that a rank does one after another, for one message there and one back.
///
/// Output: that of every task; where it is interrupted, of those that were done.
package struct TaskBundle<Work: RankTask>: RankTask {
  package private(set) var tasks: [Work] = []

  package init() {}

  package init(_ tasks: [Work]) {
    self.tasks = tasks
  }

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) { try coder.code(&tasks) }

  package func run(on worker: Work.Worker, pause: () throws -> Void) throws -> BundleOutput<Work.Output> {
    var output = BundleOutput<Work.Output>()
    for task in tasks {
      do {
        if output.count > 0 { try pause() }
        let start = monotonicSeconds()
        let done = try task.run(on: worker, pause: pause)
        output.append(done, seconds: monotonicSeconds() - start)
      } catch is Interruption where output.count > 0 {
        break
      }
    }
    return output
  }
}

extension TaskBundle: Equatable where Work: Equatable {}
extension TaskBundle: Hashable where Work: Hashable {}

/// What the first tasks of a bundle gave, and what each took.
package struct BundleOutput<Output: Coded>: Coded {
  private var outputs: [Output] = []
  private var seconds: [Double] = []

  package init() {}

  package mutating func code(_ coder: inout MessageCoder) throws(MessageError) {
    try coder.code(&outputs)
    try coder.code(&seconds)
    guard outputs.count == seconds.count else { throw MessageError() }
  }

  /// How many tasks were done.
  package var count: Int { outputs.count }

  package mutating func append(_ output: Output, seconds: Double) {
    outputs.append(output)
    self.seconds.append(seconds)
  }

  /// The tasks that were done, each with its output and the seconds that it took.
  ///
  /// - Throws: `MessageError` if there are more outputs than tasks.
  package func results<Work: RankTask>(
    of bundle: TaskBundle<Work>
  ) throws(MessageError) -> [(task: Work, output: Output, seconds: Double)] where Work.Output == Output {
    guard count <= bundle.tasks.count else { throw MessageError() }
    return (0..<count).map { (bundle.tasks[$0], outputs[$0], seconds[$0]) }
  }
}
