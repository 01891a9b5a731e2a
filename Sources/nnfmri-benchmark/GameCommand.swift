import Anatomy
import ArgumentParser
import FoundationEssentials
import Grids
import Lesion
import Networks
import Shapley
import Stimuli

/// Serves one game to another program, so that estimators of any make see the same values.
struct GameCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "game",
    abstract: "Answer requests about a layer's game over standard input and output.",
    discussion: """
      Each request is a line; counts and seeds are decimal. Coalitions are n bits each, region p being bit p % 8 of byte \
      p / 8, in ⌈n/64⌉·8 bytes. Numbers are little-endian. First of all a line with n is written.

      values COUNT, then COUNT coalitions: COUNT float32.
      design ESTIMATOR EVALUATIONS SEED: a line with the number of coalitions, then those coalitions.
      estimate ESTIMATOR EVALUATIONS SEED, then the design's values, float32: a line of JSON, zeta and standardError.
      gradient PASSES SEED: the same from gradient passes.
      verdict: a line that says what a scan would take the layer's probes for: trapezoid, corrected or values.
      cost: a line with the processor seconds of a plain pass and of a gradient pass, at batches of \(LayerGradients.batch).
      """)

  @Option(help: "The network, an ONNX file.")
  var model: String

  @Option(help: "The stimuli.")
  var data: String

  @Option(help: "The scanned tensor.")
  var tensor: String

  @Option(help: "Which of the stimuli.")
  var stimulus = 0

  @Option(help: "Regions along height, width and channels.")
  var grid = "8x8x4"

  @Option(help: "The position whose scores are read, where a model answers at several.")
  var position = "mean"

  @Option(parsing: .upToNextOption, help: "Means to subtract after scaling, one a channel.")
  var mean: [Double] = []

  @Option(parsing: .upToNextOption, help: "Standard deviations to divide by, one a channel.")
  var std: [Double] = []

  @Option(help: "Coalitions in one forward pass.")
  var batch = 16

  func run() throws {
    var stimuli = try StimulusSet(contentsOf: data)
    try stimuli.setPreprocessing(Preprocessing(mean: mean, standardDeviation: std))
    guard let position = PositionChoice(parsing: position) else {
      throw ValidationError("--position \(position) is none of mean, last and a number.")
    }
    let scanned = try ScannedModel(
      model: model, stimuli: stimuli, grid: GridSize(parsing: grid), batch: batch, tensors: [tensor],
      reading: ReadoutRequest(position: position))
    let game = try LayerGame(model: scanned, layer: scanned.layers[0], stimulus: stimulus)
    let pipe = GamePipe(playerCount: game.playerCount)
    let memory = DesignMemory()
    var made: LayerGradients?
    func gradients() throws -> LayerGradients {
      if let made { return made }
      let gradients = try LayerGradients(model: scanned, layer: scanned.layers[0])
      try gradients.begin(stimulus: stimulus, target: game.target)
      made = gradients
      return gradients
    }
    try pipe.write(line: "\(game.playerCount)")
    while let request = try pipe.readLine()?.split(separator: " ") {
      switch request.first {
      case "values":
        let count = try number(request, 1)
        try pipe.write(game.values(of: pipe.readCoalitions(count)))
      case "design":
        let (_, design) = try draw(request, players: game.playerCount, memory)
        try pipe.write(line: "\(design.rowCount)")
        try pipe.write(design.coalitions(in: 0..<design.rowCount))
      case "estimate":
        let (estimator, design) = try draw(request, players: game.playerCount, memory)
        let values = try pipe.readFloats(design.rowCount)
        try pipe.write(line: Answer(design.estimate(values: values, by: estimator, positions: game.positions)).json)
      case "gradient":
        let estimate = try gradients().estimate(passes: number(request, 1), seed: UInt64(try number(request, 2)))
        try pipe.write(line: Answer(estimate).json)
      case "verdict":
        try pipe.write(line: gradients().verdict.rule.rawValue)
      case "cost":
        let (plain, gradient) = try gradients().secondsPerPass()
        try pipe.write(line: "\(plain) \(gradient)")
      default:
        throw ValidationError("A request is one of values, design, estimate, gradient, verdict, cost.")
      }
    }
  }

  private func number(_ request: [Substring], _ place: Int) throws -> Int {
    guard place < request.count, let number = Int(request[place]), number >= 0 else {
      throw ValidationError("The request '\(request.joined(separator: " "))' lacks a number.")
    }
    return number
  }

  private func draw(_ request: [Substring], players: Int, _ memory: DesignMemory) throws -> (EstimatorName, Design) {
    guard request.count == 4, let estimator = EstimatorName(rawValue: String(request[1])) else {
      throw ValidationError("The request '\(request.joined(separator: " "))' lacks an estimator.")
    }
    let design = try Design(
      estimator: estimator, players: players, budget: number(request, 2), seed: UInt64(try number(request, 3)),
      memory: memory)
    return (estimator, design)
  }

  private struct Answer: Encodable {
    let zeta: [Double]
    let standardError: [Double]

    init(_ estimate: Estimate) {
      zeta = estimate.zeta
      standardError = estimate.standardError
    }

    var json: String { get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) } }
  }
}
