import ArgumentParser
import Files
import Grids
import Lesion
import MPI
import ModelGraph
import Monitoring
import Networks
import ScanPlan
import ScanResults
import Shapley
import Stimuli
import UserErrors

struct MonitorLearnCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "learn", abstract: "Learn from normal stimuli what a network's layers do.",
    discussion: """
      Half of the stimuli are fitted to, and a sixth set scales; a third, which nothing is fitted to, say how often a normal stimulus \
      looks as strange as another. Start it with mpirun to share the passes among processes; the reference is the same.
      """)

  @Option(help: "The network, an ONNX file. (default: that of --scan)")
  var model: String?

  @Option(help: "Normal stimuli, as for scan. (default: those of --scan)")
  var data: String?

  @Option(help: "The file of the reference.")
  var out: String

  @Option(help: "A finished scan of the network: its layers, grid and preprocessing are taken, and its ζ weighs regions.")
  var scan: String?

  @Option(help: "Which layers are watched, as for scan. (default: auto, or those of --scan)")
  var layers: String?

  @Option(help: "Regions along height, width and channels. (default: 8x8x4, or that of --scan)")
  var grid: String?

  @OptionGroup(title: "Reading") var output: OneOutputOption
  @OptionGroup(title: "Reading") var reading: ReadingOptions

  @Flag(help: "The output that is read is no classes' scores, but numbers of another kind.")
  var noClasses = false

  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Option(help: "How many stimuli are learnt from: the first ones. (default: all)")
  var stimuli: Int?

  @Option(parsing: .unconditional, help: "Stored numbers are divided by this; by default 255 for bytes that are images, else 1.")
  var scale: Double?

  @Option(parsing: .unconditional, help: "Means to subtract after scaling, one a channel, separated by commas.")
  var mean: String?

  @Option(parsing: .unconditional, help: "Standard deviations to divide by, one a channel, separated by commas.")
  var std: String?

  @Option(help: "The number that all random draws follow from.")
  var seed: UInt64 = 42

  @Option(help: "Threads of a forward pass.")
  var threads = 1

  @Option(
    help: "How many of the stimuli are stored in the reference, at most 4 MB, to test the network itself by; 0 stores none.")
  var selfTests = 32

  func validate() throws {
    guard scan != nil || model != nil && data != nil else {
      throw ValidationError("Give the network with --model and normal stimuli with --data, or a finished scan with --scan.")
    }
    _ = try pictures.sizing()
    _ = try request(nil)
  }

  func run() throws {
    try MonitorRun.reportingFailures(quiet: !Launcher.isFirstProcess) {
      guard Launcher.isOneOfMany else {
        try checkOut()
        let learner = try learner()
        try InputFiles(learner.files).check(out)
        try finish(learner, [try learner.observe(rank: 0, of: 1, progress: show)])
        return
      }
      let code = try withEnvironment(onFailure: ScanCommand.abort, onRanks)
      if code != 0 { throw ExitCode(Int32(code)) }
    }
  }

  /// - Returns: the exit code, the same on all ranks.
  private func onRanks(_ world: Communicator) throws -> Int {
    let writable = try ScanCommand.onRoot(world) { try checkOut() }
    guard writable == 0 else { return writable }
    let (learner, code) = try ScanCommand.onEveryRank(world) {
      let learner = try self.learner()
      if world.isRoot { try InputFiles(learner.files).check(out) }
      return learner
    }
    guard let learner else { return code }
    let seen = try learner.observe(rank: world.rank, of: world.size) { done, all in
      if world.isRoot { show(done, all) }
    }
    // Messages of all ranks together are counted in 32 bits.
    guard seen.count < Int(Int32.max) / world.size else {
      throw Failure(
        .usage,
        "what so many stimuli leave doesn't fit into one message between processes: give fewer with --stimuli, or learn in one process"
      )
    }
    let messages = try world.gather(seen)
    return try ScanCommand.onRoot(world) { try finish(learner, messages) }
  }

  /// Before anything is read that takes long.
  private func checkOut() throws(FileError) {
    try InputFiles([model, data, scan]).check(out)
    try MonitorReference.checkWritable(out)
  }

  private func learner() throws -> MonitorLearner { try MonitorLearner(request(try scan.map(StoredScan.init))) }

  private func show(_ done: Int, _ all: Int) {
    if Launcher.isWatched(2) { writeToStandardError("\r\(done) of \(all) stimuli" + (done == all ? "\n" : "")) }
  }

  private func finish(_ learner: MonitorLearner, _ messages: [[UInt8]]) throws {
    let reference = try learner.reference(messages, program: NNFMRI.program.description)
    for note in learner.notes { say(note) }
    try reference.write(to: out)
    let reader = try OutputReader(reference.origin.readout)
    let kind =
      reader.hasClasses
      ? "the scores of \(reader.classCount) classes (where they are none, say --no-classes)"
      : reader.saysClasses ? "a yes or no" : "numbers that are no classes"
    let heldOut = reference.calibration(.combined).scores.count
    print(
      """
      \(out): what \(reference.origin.model) does in \(reference.layers.count) layers with \(reference.origin.stimulusCount) stimuli.
      Read: "\(reference.origin.readout.output)", \(kind).
      Held out: \(heldOut), so the smallest p-value is \(MonitorRun.short(reference.smallestPValue)).
      """)
    if let note = try OutlierRate(nil, of: reference).note { say(note) }
  }

  /// - Throws: `ValidationError` that names the option and what it takes; `Failure` where the scan can't be read.
  private func request(_ scanned: StoredScan?) throws -> LearningRequest {
    let options = scanned?.measurements.request.measurement
    // The last that speaks of a tensor holds.
    let layouts = try (options?.layouts ?? []) + reading.chosenLayouts()
    var request = LearningRequest(
      model: model ?? scanned?.measurements.request.subject.model ?? "",
      data: data ?? scanned?.measurements.request.subject.data ?? "")
    request.preprocessing = Preprocessing(
      scale: scale ?? options?.scale, mean: mean == nil ? options?.mean ?? [] : try Check.numbers(mean, "mean"),
      standardDeviation: std == nil ? options?.standardDeviation ?? [] : try Check.numbers(std, "std"),
      layouts: layouts.map(\.ofInputs))
    (request.resize, request.crop) = (pictures.resize ?? options?.resize, pictures.crop ?? options?.crop)
    request.layers =
      layers.map(LayerSelection.init(parsing:))
      ?? scanned.map { LayerSelection(items: $0.measurements.plan.layers.map { .named($0.tensor) }) } ?? .automatic
    do {
      request.grid = try grid.map { text throws(GridError) in try GridSize(parsing: text) } ?? options?.grid ?? .standard
    } catch {
      throw ValidationError("--grid: \(error.message)")
    }
    request.reading = try reading.request(value: noClasses ? .output(0) : .logit, output: output.output())
    request.reading.layouts = layouts
    guard !request.reading.position.isOfEachStimulus else {
      throw ValidationError(
        "--position \(reading.position): a monitor reads the same position of all stimuli: mean, last or a number.")
    }
    request.stimuli = try stimuli.map { try Check.atLeast(MonitorReference.leastStimuli, $0, "stimuli") }
    request.seed = seed
    request.selfTests = try Check.atLeast(0, selfTests, "self-tests")
    request.threads = try Check.threads(threads)
    if let scanned {
      request.scan = scan
      for layer in try scanned.result(withInformation: false).layers {
        request.zeta[layer.plan.tensor] = LearningRequest.Zeta(
          grid: layer.grid.isGrid ? layer.plan.grid : [], zeta: layer.statistics.zeta)
      }
    }
    return request
  }
}
