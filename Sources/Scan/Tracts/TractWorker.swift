import Anatomy
import Grids
import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import ScanPlan
import Tractography

/// What a rank keeps for tracing and for lesions of pathways: the sessions that the next task is likely to need.
final class TractWorker {
  /// Stimuli from which on it pays to find out which regions can be traced together.
  private static let leastStimuliOfGroups = 4

  private let request: ScanRequest
  private let plan: ScanPlan
  private let model: Model
  private let feed: StimulusFeed
  private let reader: OutputReader
  private let regions: [RegionMap]
  private let session: Session.Options
  private var tracer: (link: Int, tracer: ConnectionTracer)?
  private var lesion: (layers: [Int], network: PathwayLesion)?

  init(
    request: ScanRequest, plan: ScanPlan, model: Model, feed: StimulusFeed, reader: OutputReader,
    geometry: [LayerGeometry], session: Session.Options
  ) {
    self.request = request
    self.plan = plan
    self.model = model
    self.feed = feed
    self.reader = reader
    self.session = session
    regions = geometry.map { RegionMap($0.grid) }
  }

  /// Why a link can't be traced; empty if it can.
  func reasonAgainst(link: Int, classes: [Int]) throws -> String {
    do {
      _ = try tracer(link, classes)
      return ""
    } catch let untraceable as Untraceable {
      return untraceable.reason
    }
  }

  /// The strengths of a link for a stimulus; [sources x targets].
  func strengths(link: Int, stimulus: Int, classes: [Int], pause: () throws -> Void) throws -> [Float] {
    let tracer = try tracer(link, classes)
    return try tracer.strengths(
      targets: isLast(link) ? output(classes, stimulus) : regions[link + 1], feed: rows(stimulus), pause: pause)
  }

  /// v of pathways. - Parameter replacements: what lesioned units become, a tensor a layer; empty for 0.
  func values(
    layers: [Int], stimulus: Int, target: Int, pathways: [[Int]], replacements: [Tensor], pause: () throws -> Void
  ) throws -> [Float] {
    tracer = nil
    if lesion?.layers != layers {
      lesion = nil
      let network = try PathwayLesion(
        model: model,
        layers: layers.map {
          PathwayLesion.Layer(tensor: plan.layers[$0].tensor, shape: plan.layers[$0].shape, regions: regions[$0])
        },
        reading: plan.readTensor, batch: plan.pathwayBatch, replaces: !replacements.isEmpty, runtime: feed.runtime,
        session: session)
      lesion = (layers, network)
    }
    var intact: [Float] = []
    if reader.readout.value.needsIntact {
      let none = [[Int](repeating: PathwayLesion.intact, count: layers.count)]
      _ = try lesion!.network.values(of: none, replacements: replacements, feed: rows(stimulus), pause: pause) {
        intact = reader.scores($0, stimulus: stimulus)
        return 0
      }
    }
    return try lesion!.network.values(
      of: pathways, replacements: replacements, feed: rows(stimulus), pause: pause
    ) { reader.value($0, target: target, stimulus: stimulus, intact: intact) }
  }

  private func rows(_ stimulus: Int) -> ConnectionTracer.Feed {
    { [feed] names, rows in try feed.tensors(names, rows: [Int](repeating: stimulus, count: rows)) }
  }

  private func tracer(_ link: Int, _ classes: [Int]) throws -> ConnectionTracer {
    if let tracer, tracer.link == link { return tracer.tracer }
    // Let go of the old one before the new one takes memory.
    tracer = nil
    let made = try ConnectionTracer(
      model: model, from: plan.layers[link].tensor, to: isLast(link) ? plan.readTensor : plan.layers[link + 1].tensor,
      sources: regions[link], targetUnits: isLast(link) ? plan.outputShape.reduce(1, *) : regions[link + 1].unitCount,
      batch: plan.batch, isGrouping: try plan.tracedStimuli(request.measurement) >= Self.leastStimuliOfGroups,
      runtime: feed.runtime, session: session, feed: rows(0))
    tracer = (link, made)
    return made
  }

  private func isLast(_ link: Int) -> Bool { link + 1 == plan.layers.count }

  /// The output with a region for each class, where a stimulus's scores are read.
  private func output(_ classes: [Int], _ stimulus: Int) -> RegionMap {
    var regions = [UInt32](repeating: RegionMap.none, count: plan.outputShape.reduce(1, *))
    for (region, number) in classes.enumerated() {
      for element in reader.elements(ofClass: number, stimulus: stimulus) { regions[element] = UInt32(region) }
    }
    return RegionMap(regionCount: classes.count, regions: regions)
  }
}
