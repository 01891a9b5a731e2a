import Distribution
import Files
import Lesion
import Networks
import ScanPlan
import ScanResults
import ScanStore
import Tractography

/// Measures the wiring between scanned layers and tests its strongest pathways by lesions, on rank 0.
struct TractStudy {
  /// Classes that are regions of their own; of an output with more, only those that are a stimulus's target.
  static let classLimit = 1024
  private static let bootstrapSamples = 100
  /// Bootstrap samples that are in memory together.
  private static let samplesAtOnce = 8
  /// Lesioned pathways in a task, or more where a batch is longer.
  private static let rowsPerTask = 64

  let request: ScanRequest
  let plan: ScanPlan
  /// By stimulus.
  let targets: [Int]
  let scoredClasses: Range<Int>
  /// By layer, the units of each region.
  let unitCounts: [[Int]]
  let folder: String
  let progress: Progress
  /// How many stimuli may be traced; 0 traces no link.
  let tracedStimuli: Int

  private var stimulusCount: Int { max(tracedStimuli, 1) }

  /// The classes that are regions of the output.
  private var classes: [Int] { Self.classes(request, of: scoredClasses, targets: targets.prefix(stimulusCount)) }

  /// - Parameter targets: of the stimuli that are traced.
  static func classes(_ request: ScanRequest, of scored: Range<Int>, targets: some Sequence<Int>) -> [Int] {
    if case .output(let index) = request.measurement.value {
      return [index]
    }
    return scored.count <= classLimit ? Array(scored) : Set(targets).sorted()
  }

  /// The region of the output that a stimulus's value is read from.
  private func column(_ stimulus: Int, _ classes: [Int]) -> Int {
    classes.firstIndex(of: targets[stimulus]) ?? 0
  }

  /// Cost: for each link and stimulus one forward pass up to its target and the part of the network between, once for
  /// each source region; then for each stimulus some two hundred forward passes.
  func run(_ runner: inout PhaseRunner<Mailbox>, on worker: Worker) throws -> Tracts {
    let classes = classes
    var links = plan.layers.map { layer -> Tracts.Link in
      let target = layer.number + 1 < plan.layers.count ? layer.number + 1 : nil
      return Tracts.Link(
        source: layer.number, target: target, sourceCount: layer.regionCount,
        targetCount: target.map { plan.layers[$0].regionCount } ?? classes.count)
    }
    if tracedStimuli > 0 {
      var survey = ListPhase(links.indices.map { ConnectTask(link: $0, classes: classes) }, progress: progress)
      try runner.run("preparing tracts", links.count, &survey, on: worker)
      for (link, reason) in survey.outputs.enumerated() {
        links[link].reason = reason.isEmpty ? nil : reason
      }
    } else {
      for link in links.indices { links[link].reason = "it would take more operations than the measurement; --tracts traces it" }
    }

    let scratch = try StrengthScratch(
      folder: folder, edgeCounts: links.map { $0.sourceCount * $0.targetCount }, stimulusCount: stimulusCount)
    var tracing = TracePhase(
      isTraced: links.map { $0.reason == nil }, stimulusCount: stimulusCount, classes: classes, scratch: scratch,
      progress: progress)
    try runner.run("tracing connections", links.count { $0.reason == nil } * stimulusCount, &tracing, on: worker)
    // The search for pathways takes memory of its own.
    worker.endTracts()
    for link in links.indices where links[link].reason == nil {
      links[link].totals = tracing.totals[link]
      if !links[link].totals.allSatisfy(\.isFinite) {
        links[link].reason = "strengths leave the range of a float on the way"
        links[link].totals = []
      }
    }

    var tracts = Tracts(
      stimulusCount: stimulusCount, links: links, outputClasses: classes, pathwayLayers: [], reachesOutput: false,
      routes: [], families: [], values: [])
    if let run = Self.longestRun(links), request.measurement.pathwayCount > 0 {
      try findPathways(&tracts, run, scratch)
      returnFreedMemory()
      try lesionPathways(&tracts, &runner, on: worker)
      worker.endTracts()
    }
    // Last, since they take as much memory as the search.
    tracts.strengths = try links.indices.map { try summarize($0, links[$0], scratch) }
    return tracts
  }

  /// Asks what the network answers without each of the pathways.
  private func lesionPathways(
    _ tracts: inout Tracts, _ runner: inout PhaseRunner<Mailbox>, on worker: Worker
  ) throws {
    let rows =
      [tracts.pathwayLayers.map { _ in PathwayLesion.intact }]
      + tracts.routes.map { tracts.lesioned($0.pathway) }
      + tracts.families.flatMap { $0.pathways.map(tracts.lesioned) }
    var lesions = PathwayPhase(
      layers: tracts.pathwayLayers, rows: rows, targets: Array(targets.prefix(stimulusCount)),
      rowsPerTask: plan.pathwayBatch * max(1, Self.rowsPerTask / plan.pathwayBatch), progress: progress)
    try runner.run("lesioning pathways", rows.count * stimulusCount, &lesions, on: worker)
    tracts.values = lesions.values
  }

  /// The longest run of links that were traced, as the layers that it leads from and to; of equal ones the last.
  static func longestRun(_ links: [Tracts.Link]) -> ClosedRange<Int>? {
    var best: ClosedRange<Int>?
    var start: Int?
    for (number, link) in links.enumerated() {
      guard link.reason == nil else {
        start = nil
        continue
      }
      start = start ?? number
      let run = start!...number + 1
      if best.map({ run.count >= $0.count }) ?? true { best = run }
    }
    return best
  }

  private func summarize(_ number: Int, _ link: Tracts.Link, _ scratch: StrengthScratch) throws -> Tracts.Strengths {
    guard link.reason == nil else { return Tracts.Strengths(mean: [], standardError: []) }
    var moments = ConnectionMoments(edgeCount: link.sourceCount * link.targetCount)
    for stimulus in 0..<stimulusCount { moments.add(try scratch.read(link: number, stimulus: stimulus)) }
    return Tracts.Strengths(
      mean: moments.mean.map(Float.init),
      standardError: moments.standardError.map { $0.map(Float.init) } ?? moments.mean.map { _ in .nan })
  }

  /// Finds the strongest pathways and how stable they are, and draws random ones to hold them against.
  private func findPathways(_ tracts: inout Tracts, _ run: ClosedRange<Int>, _ scratch: StrengthScratch) throws {
    tracts.pathwayLayers = Array(run.lowerBound...min(run.upperBound, plan.layers.count - 1))
    tracts.reachesOutput = run.upperBound == plan.layers.count
    var counts = tracts.pathwayLayers.map { plan.layers[$0].regionCount }
    if tracts.reachesOutput { counts.append(1) }
    let links = tracts.links
    let classes = tracts.outputClasses
    func strengths(_ step: Int, _ stimulus: Int) throws -> [Float] {
      let number = run.lowerBound + step
      let all = try scratch.read(link: number, stimulus: stimulus)
      guard links[number].target == nil else { return all }
      // Pathways end in the class whose score is the value.
      let column = column(stimulus, classes)
      return stride(from: column, to: all.count, by: classes.count).map { all[$0] }
    }
    try search(&tracts, counts, strengths)
    let shares = stimulusCount > 1 ? try stability(of: tracts.routes.map(\.pathway), regionCounts: counts, strengths) : []
    for number in shares.indices { tracts.routes[number].stability = shares[number] }
  }

  /// The strongest pathways through the mean wiring, and random ones.
  private func search(
    _ tracts: inout Tracts, _ counts: [Int], _ strengths: (_ step: Int, _ stimulus: Int) throws -> [Float]
  ) throws {
    let steps = try (0..<counts.count - 1).map { step in
      var moments = ConnectionMoments(edgeCount: counts[step] * counts[step + 1])
      for stimulus in 0..<stimulusCount { moments.add(try strengths(step, stimulus)) }
      return moments.mean
    }
    let graph = LayeredGraph(regionCounts: counts, strengths: steps)
    tracts.routes = StrongestPathways(in: graph, limit: request.measurement.pathwayCount).pathways.map { pathway in
      Tracts.Route(
        pathway: pathway,
        rawStrength: steps.indices.reduce(0.0) { sum, step in
          sum + steps[step][pathway.regions[step] * counts[step + 1] + pathway.regions[step + 1]]
        }, stability: nil, family: 0)
    }
    draw(&tracts, graph)
  }

  /// The share of bootstrap samples in which each pathway is among the strongest, found for some samples at a time.
  private func stability(
    of pathways: [Pathway], regionCounts: [Int], _ strengths: (_ step: Int, _ stimulus: Int) throws -> [Float]
  ) throws -> [Double] {
    var found = [Int](repeating: 0, count: pathways.count)
    for first in stride(from: 0, to: Self.bootstrapSamples, by: Self.samplesAtOnce) {
      var stability = PathwayStability(
        replicates: first..<min(first + Self.samplesAtOnce, Self.bootstrapSamples), stimulusCount: stimulusCount,
        firstRegionCount: regionCounts[0], limit: request.measurement.pathwayCount, seed: request.measurement.seed)
      for step in 1..<regionCounts.count {
        try stability.extend(regionCount: regionCounts[step]) { try strengths(step - 1, $0) }
      }
      for (number, count) in stability.counts(of: pathways).enumerated() { found[number] += count }
    }
    return found.map { Double($0) / Double(Self.bootstrapSamples) }
  }

  /// Draws random pathways for each profile of region sizes that the strongest ones have.
  private func draw(_ tracts: inout Tracts, _ graph: LayeredGraph) {
    let unitCounts = tracts.pathwayLayers.map { self.unitCounts[$0] }
    for number in tracts.routes.indices {
      let profile = RandomPathways.profile(tracts.lesioned(tracts.routes[number].pathway), unitCounts: unitCounts)
      if let known = tracts.families.firstIndex(where: { $0.unitCounts == profile }) {
        tracts.routes[number].family = known
        continue
      }
      tracts.routes[number].family = tracts.families.count
      let drawn = RandomPathways.draw(
        profile, unitCounts: unitCounts, count: ScanPlan.randomPathways, seed: request.measurement.seed,
        family: tracts.families.count
      )
      tracts.families.append(
        Tracts.Family(
          unitCounts: profile,
          pathways: drawn.map { regions in
            let whole = regions + (tracts.reachesOutput ? [0] : [])
            return Pathway(regions: whole, strength: graph.strength(of: whole))
          }))
    }
  }
}
