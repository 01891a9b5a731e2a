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
      The stimuli: .npz with one array per model input and, if you have them, labels; .npy; a folder of pictures (.png, \
      .jpg), in sub-folders by class if you like; a table (.csv); CIFAR-10 batches (.bin); MNIST IDX (also .gz).
      """)
  var data: String?

  @Option(help: "A file of labels, one a stimulus (.npy, .txt or IDX), where the stimuli bring none.")
  var labels: String?

  @Option(help: ClusterFile.help)
  var clusters: String?

  @Option(
    help: """
      What to scan: auto (one tensor a block), all, residual, attention, mlp, conv, recurrent or embedding, input (what the model \
      is given, as pixels, electrodes or columns), names, patterns such as '/layer3/*', or numbers and ranges (2-5) of the list \
      that 'layers --all' prints; several are separated by commas.
      """)
  var layers = "auto"

  @Option(help: "Regions along height, width and channels, as in 8x8x4; spatial: 8x8x1; channels: every channel by itself.")
  var grid = "8x8x4"

  @OptionGroup(title: "Regions of your own") var regions: RegionOptions

  @OptionGroup(title: "Reading") var outputs: OutputOptions
  @OptionGroup(title: "Reading") var reading: ReadingOptions

  @Option(
    help: """
      K, the passes a region and stimulus, a gradient pass counted as 2.5; below 1 for few. By default as many gradient passes as \
      the answer over all stimuli needs; where layers are measured by values 16, or as few as 4 beyond 64 stimuli. Layers of up to 16 \
      regions get all their coalitions where those take seconds.
      """)
  var samples = "auto"

  @Option(
    help: ArgumentHelp(
      """
      Take as many gradient passes as make the map of every single stimulus this reliable, 0.9 for instance: the share of its \
      variance between regions that isn't noise. Layers measured by values say what they reach.
      """, valueName: "reliability"))
  var perStimulus: Double?

  @Option(help: "How many stimuli are used: the first ones. (default: 256 where there are as many, or 8 of the phantom)")
  var stimuli: Int?

  @OptionGroup(title: "Lesions") var lesions: LesionOptions

  @OptionGroup(title: "Paths") var paths: PathOptions

  @OptionGroup(title: "Choice of stimuli") var choice: ChoiceOptions

  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @OptionGroup(title: "Streams") var stream: StreamOptions

  @Option(help: "auto, gradient, regression, cubic, leverage, permutation, naive, exact or affine.")
  var estimator = "auto"

  @Option(help: "shapley or banzhaf.")
  var index = "shapley"

  @Option(
    parsing: .unconditional,
    help: """
      What is measured, of the mean scores where an output has positions: logit, logprob, prob, margin, loss, accuracy; a sum such as 'logit[3] - logit[5]'; kl, js or cosine, to the \
      intact answer; 'loss(ARRAY)' of a continuation, summed over positions, and 'cosine(ARRAY)' to a vector, ARRAY being an array of \
      the stimuli's .npz or an .npy file; output:INDEX, or output:NAME[i,j,...], with ranges a:b and : that \
      end in :sum, :mean or :max, as in output:boxes[4,:]:max, or output:NAME of an output of one number.
      """)
  var value = "logit"

  @Option(help: "The class: predicted, label, or a number.")
  var target = "predicted"

  @Option(
    defaultAsFlag: "all",
    help: ArgumentHelp(
      "Keep classes' scores of every pass, measured by values: report --value and --target then answer other questions without another pass. Of many classes a number of them: the largest of each stimulus's answer, and what the others add up to.",
      valueName: "classes"))
  var keepScores: String?

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

  @Option(
    parsing: .unconditional,
    help:
      "Stored numbers are divided by this for floating-point inputs; by default 255 for bytes with two axes a stimulus or more, which are taken for images, else 1."
  )
  var scale: Double?

  @Option(parsing: .unconditional, help: "Means to subtract after scaling, one a channel, separated by commas.")
  var mean: String?

  @Option(parsing: .unconditional, help: "Standard deviations to divide by, one a channel, separated by commas.")
  var std: String?

  @Option(help: "Threads of a forward pass on each rank.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "What passes run on: cpu, cuda, openvino, or another execution provider of ONNX Runtime or of a plugin; 'plan' lists them.",
      valueName: "name"))
  var provider = "cpu"

  @Option(
    help: ArgumentHelp("An option of the provider's own, like device_type=GPU; may be given several times.", valueName: "k=v"))
  var providerOption: [String] = []

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

  @Option(
    help: ArgumentHelp("A folder on each node's own disk for prefix results that memory doesn't hold.", valueName: "folder"))
  var spill: String?

  @Flag(name: .customLong("acquisition"), inversion: .prefixedNo, help: "Keep the table of measured values.")
  var keepsAcquisition = true

  @Flag(
    name: .customLong("tracts"), inversion: .prefixedNo,
    help: ArgumentHelp(
      "Trace what is wired between layers, and test it by lesions, for 64 stimuli, or not at all. (default: as many of them as take no more operations than the measurement)"
    ))
  var tracesConnections: Bool?

  @Option(help: "The strongest pathways that are reported and tested.")
  var pathways = 10

  @Flag(help: "Leave out stimuli with NaN or infinity, and skip series whose values are, instead of stopping.")
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
}
