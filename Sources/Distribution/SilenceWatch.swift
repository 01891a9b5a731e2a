/// Notices ranks that were given work and aren't heard of any more, as of a machine that has lost its power: MPI may wait for them for
/// ever.
package struct SilenceWatch {
  /// What passes between two looks counts at most so long: it was the watcher who slept, and the others may have slept with it.
  private static let longestStep = 1.0

  private let patience: Double
  /// Seconds of watching so far.
  private var watched = 0.0
  private var lastLook: Double?
  /// By rank, when it was heard of last, in seconds of watching.
  private var heard: [Double]
  private var nextCheck = 0.0

  /// - Parameter patience: seconds of silence after which a rank is lost.
  package init(ranks: Int, patience: Double) {
    self.patience = patience
    heard = Array(repeating: 0, count: ranks)
  }

  /// Notes that a rank is there, or that silence is to count from now on.
  package mutating func hear(from rank: Int, at now: Double) {
    look(at: now)
    heard[rank] = watched
  }

  /// A rank that is lost; `nil` if there is none.
  ///
  /// Cost: nothing most of the time, else a look at every rank.
  /// - Parameter isAwaited: whether a rank has something to answer.
  package mutating func lost(at now: Double, isAwaited: (Int) -> Bool) -> Int? {
    look(at: now)
    guard watched >= nextCheck else { return nil }
    nextCheck = watched + patience / 10
    return heard.indices.first { watched - heard[$0] > patience && isAwaited($0) }
  }

  private mutating func look(at now: Double) {
    watched += min(now - (lastLook ?? now), Self.longestStep)
    lastLook = now
  }
}

/// A rank has been silent for so long that its machine is taken for lost: all that is left is to end the job.
package struct LostRank: Error {
  package let rank: Int

  package init(rank: Int) { self.rank = rank }
}
