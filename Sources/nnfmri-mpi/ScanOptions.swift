import Anatomy
import ArgumentParser
import Grids
import Lesion
import Scan
import Shapley

/// The options of `scan` and `plan`.
struct ScanOptions: ParsableArguments {
  @Option(help: "The network, an ONNX file. Without it the built-in phantom is scanned.")
  var model: String?

  @Option(
    help: """
      The stimuli: CIFAR-10 batches (.bin), MNIST IDX (also .gz), .npy, or .npz with one array per model input and, if \
      you have them, labels.
      """)
  var data: String?

  @Option(help: "A file of labels, one a stimulus (.npy, .txt or IDX), where the stimuli bring none.")
  var labels: String?

  @Option(help: "What to scan: auto (one tensor a block), all, or names separated by commas.")
  var layers = "auto"

  @Option(help: "Regions along height, width and channels.")
  var grid = "8x8x4"

  @Option(help: "Order of axes of rank-4 tensors: nchw or nhwc.")
  var layout = "nchw"

  /// Beyond any use, and far below where numbers of rows overflow.
  private static let mostSamples = 1 << 16

  @Option(help: "K, the evaluations per region.")
  var samples = 16

  @Option(help: "How many stimuli are used: the first ones. (default: 64, or 8 of the phantom)")
  var stimuli: Int?

  @OptionGroup(title: "Streams") var stream: StreamOptions

  @Option(help: "auto, regression, cubic, leverage, permutation, naive, exact or affine.")
  var estimator = "auto"

  @Option(help: "shapley or banzhaf.")
  var index = "shapley"

  @Option(help: "What lesioned units become: zero, mean (over the stimuli) or resample (another stimulus's).")
  var lesion = "zero"

  @Option(help: "What is measured: logit, logprob, prob, margin, loss or output:INDEX.")
  var value = "logit"

  @Option(help: "The class: predicted, label, or a number.")
  var target = "predicted"

  @Option(help: "The position of a sequence's output that is read; by default the mean over positions.")
  var position: Int?

  @Option(help: "The number that all random draws follow from.")
  var seed: UInt64 = 42

  @Option(help: "Coalitions in one forward pass.")
  var batch = 16

  @Option(help: "The confidence of intervals.")
  var confidence = 0.95

  @Option(help: "The false discovery rate at which a region is significant.")
  var fdr = 0.05

  @Option(help: "Sign flips for family-wise p-values; 0 computes none.")
  var flips = 0

  @Option(
    help: ArgumentHelp(
      """
      A layer is measured until all its intervals are within ± this share of its effect, or --samples is spent; without \
      it --samples is spent everywhere.
      """, valueName: "percent"))
  var tolerance: Double?

  @Option(
    help: """
      even: every stimulus of a layer gets equally many evaluations; decisions: a layer ends once more of them would hardly \
      change which of its regions are critical, and stimuli that tell more of that get more.
      """)
  var allocate = "even"

  @Option(help: "Stored numbers are divided by this; by default 255 for images of bytes, else 1.")
  var scale: Double?

  @Option(help: "Means to subtract after scaling, one a channel, separated by commas.")
  var mean: String?

  @Option(help: "Standard deviations to divide by, one a channel, separated by commas.")
  var std: String?

  @Option(help: "Threads of a forward pass on each rank.")
  var threads = 1

  @Option(help: "The execution provider of ONNX Runtime: cpu.")
  var provider = "cpu"

  @Option(
    help: """
      Whether the ranks of a machine hold the weights once: auto (from 64 MB on, where there are several), always, never. \
      They lie in TMPDIR while the scan runs.
      """)
  var shareWeights = "auto"

  @Option(
    help: ArgumentHelp(
      "Megabytes that each rank may hold for itself: a smaller batch is taken where the network needs it, and the rest goes to the cache.",
      valueName: "mb"))
  var memory: Int?

  @Option(
    help: ArgumentHelp(
      "Megabytes of prefix results that each rank keeps. (default: what --memory leaves, or 64)", valueName: "mb"))
  var cacheMemory: Int?

  @Option(help: ArgumentHelp("A folder on each node's own disk for prefix results that memory doesn't hold.", valueName: "folder"))
  var spill: String?

  @Flag(name: .customLong("acquisition"), inversion: .prefixedNo, help: "Keep the table of measured values.")
  var keepsAcquisition = true

  @Flag(name: .customLong("tracts"), inversion: .prefixedNo, help: "Trace what is wired between layers, and test it by lesions.")
  var tracesConnections = true

  @Option(help: "The strongest pathways that are reported and tested.")
  var pathways = 10

  @Flag(help: "Skip series whose values are NaN or infinite instead of stopping.")
  var allowNonfinite = false

  @Option(help: "The folder of results.")
  var out: String?

  func validate() throws {
    _ = try request(model: "", data: "", output: "", stimuli: 1)
    if model != nil && data == nil {
      throw ValidationError("--model \(model!) needs stimuli: give them with --data.")
    }
    if model == nil && data != nil {
      throw ValidationError("--data \(data!) needs a network: give it with --model.")
    }
  }

  /// The request for a model and data.
  ///
  /// - Parameter count: how many stimuli are used where no option says.
  /// - Throws: `ValidationError` that names the option and what it takes.
  func request(model: String, data: String, output: String, stimuli count: Int) throws -> ScanRequest {
    func atLeast(_ least: Int, _ value: Int, _ option: String) throws -> Int {
      guard value >= least else { throw ValidationError("--\(option) \(value) is below \(least).") }
      return value
    }
    func share(_ value: Double, _ option: String) throws -> Double {
      guard value > 0, value < 1 else { throw ValidationError("--\(option) \(value) is not between 0 and 1.") }
      return value
    }
    func named<Value: RawRepresentable & CaseIterable>(_ text: String, _ option: String) throws -> Value
    where Value.RawValue == String {
      guard let value = Value(rawValue: text) else {
        let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--\(option) \(text) is none of \(names).")
      }
      return value
    }
    func numbers(_ text: String?, _ option: String) throws -> [Double] {
      guard let text else { return [] }
      return try text.split(separator: ",").map { part in
        guard let number = Double(part), number.isFinite else {
          throw ValidationError("--\(option) \(text) is not a list of numbers separated by commas.")
        }
        return number
      }
    }

    var request = ScanRequest(model: model, data: data, output: output)
    request.labels = labels
    switch layers {
    case "auto": request.layers = .automatic
    case "all": request.layers = .all
    default: request.layers = .named(layers.split(separator: ",").map(String.init))
    }
    do {
      request.grid = try GridSize(parsing: grid)
    } catch {
      throw ValidationError("--grid: \(error.message)")
    }
    request.layout = try named(layout, "layout")
    request.samplesPerRegion = try atLeast(1, samples, "samples")
    guard samples <= Self.mostSamples else {
      throw ValidationError("--samples \(samples) is above \(Self.mostSamples): errors fall with its root, give more stimuli instead.")
    }
    request.stream = try stream.request()
    if request.stream != nil, stimuli != nil {
      throw ValidationError("--stimuli and --stream exclude each other: of a stream, --window-stimuli says how many are scanned.")
    }
    if request.stream != nil, !keepsAcquisition {
      throw ValidationError("--stream keeps what it recorded in the acquisition: leave out --no-acquisition.")
    }
    request.stimulusLimit = try atLeast(1, stimuli ?? count, "stimuli")
    request.estimator = estimator == "auto" ? nil : try named(estimator, "estimator")
    request.index = try named(index, "index")
    request.lesion = try named(lesion, "lesion")
    guard let value = ValueFunction(name: value) else {
      throw ValidationError("--value \(self.value) is none of logit, logprob, prob, margin, loss, output:INDEX.")
    }
    request.value = value
    switch target {
    case "predicted": request.target = .predicted
    case "label": request.target = .label
    default:
      guard let number = Int(target), number >= 0 else {
        throw ValidationError("--target \(target) is none of predicted, label, or a class number.")
      }
      request.target = .fixed(number)
    }
    request.position = try position.map { try atLeast(0, $0, "position") }
    request.seed = seed
    request.batch = try atLeast(1, batch, "batch")
    request.confidence = try share(confidence, "confidence")
    request.falseDiscoveryRate = try share(fdr, "fdr")
    request.signFlips = try atLeast(0, flips, "flips")
    if let tolerance, !(tolerance > 0 && tolerance.isFinite) {
      throw ValidationError("--tolerance \(tolerance) is not above 0.")
    }
    request.tolerance = tolerance
    request.allocation = try named(allocate, "allocate")
    request.scale = scale
    request.mean = try numbers(mean, "mean")
    request.standardDeviation = try numbers(std, "std")
    request.threads = try atLeast(1, threads, "threads")
    guard provider == "cpu" else {
      throw ValidationError("--provider \(provider) is not supported: this version runs on cpu.")
    }
    request.weightSharing = try named(shareWeights, "share-weights")
    request.memoryBudget = try memory.map { try atLeast(1, $0, "memory") << 20 }
    request.cacheBytes = try cacheMemory.map { try atLeast(1, $0, "cache-memory") << 20 }
    request.spillFolder = spill
    request.keepsAcquisition = keepsAcquisition
    request.tracesConnections = tracesConnections
    request.pathwayCount = try atLeast(1, pathways, "pathways")
    request.allowsNonFinite = allowNonfinite
    return request
  }
}
