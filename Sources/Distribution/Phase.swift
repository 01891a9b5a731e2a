/// A source of tasks of one kind with what happens to their outputs.
package protocol Phase {
  associatedtype Work: RankTask

  /// The next task for a rank, or `nil` if there is none for any rank now.
  mutating func next(for rank: Int) throws -> Work?
  /// Takes in an output; may make further tasks available.
  mutating func complete(_ task: Work, with output: Work.Output) throws
}

/// A list of tasks whose outputs are kept in its order.
package struct ListPhase<Work: RankTask>: Phase {
  private let tasks: [Work]
  private let progress: Progress
  private let weight: (Work) -> Int
  private var handedOut = 0
  /// Numbers of the tasks that ranks are at, oldest first.
  private var inFlight: [(rank: Int, number: Int)] = []
  private var results: [Work.Output?]
  private let matches: (Work, Work) -> Bool

  /// - Parameters:
  ///   - weight: what a task adds to the progress.
  package init(_ tasks: [Work], progress: Progress, weight: @escaping (Work) -> Int = { _ in 1 }) where Work: Hashable {
    self.tasks = tasks
    self.progress = progress
    self.weight = weight
    results = tasks.map { _ in nil }
    matches = { $0 == $1 }
  }

  /// The outputs, in the order of the tasks, once the phase has been run.
  package var outputs: [Work.Output] { results.map { $0! } }

  package mutating func next(for rank: Int) -> Work? {
    guard handedOut < tasks.count else { return nil }
    defer { handedOut += 1 }
    inFlight.append((rank, handedOut))
    return tasks[handedOut]
  }

  package mutating func complete(_ task: Work, with output: Work.Output) {
    let place = inFlight.firstIndex { matches(tasks[$0.number], task) }!
    results[inFlight.remove(at: place).number] = output
    progress.advance(by: weight(task))
  }
}
