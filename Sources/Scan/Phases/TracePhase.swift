import Distribution
import ScanStore

/// Traces every link for every stimulus. A rank stays on the link whose sessions it has loaded, then takes one that
/// nobody has begun, then helps with the one that has most left.
struct TracePhase: Phase {
  private let stimulusCount: Int
  private let classes: [Int]
  private let scratch: StrengthScratch
  private let progress: Progress
  /// By link: the next stimulus that nobody was given; all of them where the link isn't traced.
  private var next: [Int]
  private var begun = 0
  private var current: [Int: Int] = [:]
  /// By link: Σ of all strengths, by stimulus.
  private(set) var totals: [[Double]]

  /// - Parameters:
  ///   - isTraced: by link.
  ///   - classes: of the output, in the order of its regions.
  init(isTraced: [Bool], stimulusCount: Int, classes: [Int], scratch: StrengthScratch, progress: Progress) {
    self.stimulusCount = stimulusCount
    self.classes = classes
    self.scratch = scratch
    self.progress = progress
    next = isTraced.map { $0 ? 0 : stimulusCount }
    totals = isTraced.map { _ in Array(repeating: 0, count: stimulusCount) }
  }

  mutating func next(for rank: Int) -> TraceTask? {
    if let link = current[rank], let task = task(of: link) { return task }
    while begun < next.count {
      let link = begun
      begun += 1
      current[rank] = link
      if let task = task(of: link) { return task }
    }
    guard let link = next.indices.min(by: { (next[$0], $0) < (next[$1], $1) }) else { return nil }
    current[rank] = link
    return task(of: link)
  }

  private mutating func task(of link: Int) -> TraceTask? {
    guard next[link] < stimulusCount else { return nil }
    defer { next[link] += 1 }
    return TraceTask(link: link, stimulus: next[link], classes: classes)
  }

  mutating func complete(_ task: TraceTask, with strengths: FloatList) throws {
    totals[task.link][task.stimulus] = strengths.values.reduce(0) { $0 + Double($1) }
    try scratch.write(strengths.values, link: task.link, stimulus: task.stimulus)
    progress.advance(by: 1)
  }
}
