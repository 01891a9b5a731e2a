import Arrays
import Files
internal import FoundationEssentials
import Lesion
import ScanPlan
import ScanStore
import Shapley
import Stimuli
import UserErrors

/// Stored in the folder of the acquisition: `measurements.json`, and the moments of layer L in `moments_layer_L.npy`,
/// float64 [stimuli x regions x 4]; pictures of the first stimuli, where they are images, in `thumbnails.npy`, uint8
/// [stimuli x height x width x 3].
extension Measurements {
  /// What `measurements.json` holds.
  private struct Stored: Codable {
    package var measurement: MeasurementOptions
    package var analysis: AnalysisOptions
    package var plan: ScanPlan
    package var targets: [Int]
    package var predictions: [Int]
    package var labels: [Int]?
    package var classNames: [String]?
    package var rounds: [LayerRounds?]
    package var cutDeviations: [Double]
  }

  private static func file(_ folder: String) -> String { folder + "/measurements.json" }
  private static func thumbnailFile(_ folder: String) -> String { folder + "/thumbnails.npy" }

  /// Writes the files.
  ///
  /// - Throws: `Failure` or `StimuliError` (`cannotWrite`).
  package func write(to folder: String) throws {
    try moments.store(in: folder)
    try thumbnails?.array.writeNPY(to: Self.thumbnailFile(folder))
    try writeDescription(to: folder)
  }

  /// Writes `measurements.json` alone.
  ///
  /// - Throws: `FileError` (`cannotWrite`).
  func writeDescription(to folder: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let stored = Stored(
      measurement: request.measurement, analysis: request.analysis, plan: plan, targets: targets, predictions: predictions,
      labels: labels, classNames: classNames,
      rounds: rounds, cutDeviations: cutDeviations)
    let path = Self.file(folder)
    do {
      try Data(try encoder.encode(stored)).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw FileError.cannotWrite(path)
    }
  }

  /// Reads the files.
  ///
  /// - Throws: `Failure` (`missingInput`) if they are not there, (`badInput`) if they are not whole.
  package init(contentsOf folder: String) throws {
    let path = Self.file(folder)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure(
        .missingInput,
        "\(path) is not there: it comes with the acquisition of a scan, which --no-acquisition and report --out leave out")
    }
    guard let stored = try? JSONDecoder().decode(Stored.self, from: data) else {
      throw Failure(.badInput, "\(path) can't be read: it is damaged, or of another version of this program")
    }
    let version = Design.version(drawsDonors: stored.measurement.lesion.isDrawn)
    guard stored.plan.designVersion == version else { throw Self.otherRules(path, stored.plan.designVersion, now: version) }
    let gradients = stored.plan.gradientVersion ?? 1
    guard gradients == GradientDesign.version || !stored.plan.layers.contains(where: { $0.design == .gradients }) else {
      throw Self.otherRules(path, gradients, now: GradientDesign.version)
    }
    request = ScanRequest(model: "", data: "", output: "")
    (request.measurement, request.analysis) = (stored.measurement, stored.analysis)
    (plan, targets, predictions) = (stored.plan, stored.targets, stored.predictions)
    (labels, rounds, cutDeviations) = (stored.labels, stored.rounds, stored.cutDeviations)
    classNames = stored.classNames
    (stream, thumbnails) = (nil, nil)
    moments = MomentStore()
    try check(path)
    stream = try stored.plan.streamCount.map {
      try StreamStore.Content(folder: folder, count: $0, layers: stored.plan.layers)
    }
    trials = try LesionTrials(contentsOf: folder, of: plan)
    pruning = try PruningTrial(contentsOf: folder, of: plan)
    let pictures = Self.thumbnailFile(folder)
    if FileManager.default.fileExists(atPath: pictures) {
      guard let read = Thumbnails(try NumericArray(contentsOfNPY: pictures)) else {
        throw Failure(
          .badInput, "\(pictures) doesn't hold pictures, uint8 [stimuli, height, width, 3]: it is damaged, or another program's")
      }
      thumbnails = read
    }
    moments = try MomentStore(contentsOf: folder, of: stored.plan)
  }

  private static func otherRules(_ path: String, _ then: Int, now: Int) -> Failure {
    Failure(
      .badInput,
      "\(path) is of a scan that drew its coalitions by other rules (\(then), now \(now)); read it with the version of the program that measured it"
    )
  }
}
