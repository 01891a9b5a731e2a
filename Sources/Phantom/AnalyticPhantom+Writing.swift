import Arrays
import Grids
internal import ModelGraph
internal import Shapley
internal import Stimuli

extension AnalyticPhantom {
  /// Writes `model.onnx`, `stimuli.npz` (`input` and `labels`) and `truth.json` into a folder, which is made if needed.
  package func write(to folder: String, stimulusCount: Int) throws(PhantomError) {
    let labels = stimulusLabels(count: stimulusCount).map(Int64.init)
    try PhantomFolder(folder).write(
      model: model, truth: TruthFile(self, stimulusCount: stimulusCount),
      stimuli: [
        (Self.inputName, stimulusArray(count: stimulusCount)), ("labels", NumericArray(shape: [stimulusCount], int64: labels)),
      ])
  }

  /// `truth.json`. Regions by number, k + g_c·(j + g_w·i).
  private struct TruthFile: Encodable {
    struct Stimulus: Encodable {
      let full: Double
      let empty: Double
      let shapley: [Double]
      let banzhaf: [Double]
    }

    let phantom = "analytic"
    let shape: Shape
    let order: Int
    let seed: UInt64
    let tensor = AnalyticPhantom.scannedTensor
    let grid: [Int]
    let lesion = "zero"
    let value = "logit"
    let target = AnalyticPhantom.target
    let constant: Float
    let terms: [RegionPolynomial.Term]
    let criticalRegions: [Int]
    let nullRegions: [Int]
    let stimuli: [Stimulus]

    init(_ phantom: AnalyticPhantom, stimulusCount: Int) {
      shape = phantom.shape
      order = phantom.order
      seed = phantom.seed
      grid = [phantom.shape.grid.rows, phantom.shape.grid.columns, phantom.shape.grid.channels]
      constant = phantom.polynomial.constant
      terms = phantom.polynomial.terms
      criticalRegions = phantom.criticalRegions(stimulusCount: stimulusCount)
      nullRegions = phantom.nullRegions
      let regionCount = phantom.shape.regionCount
      stimuli = (0..<stimulusCount).map { stimulus in
        Stimulus(
          full: phantom.value(stimulus: stimulus, coalition: Coalition(fullOf: regionCount)),
          empty: phantom.value(stimulus: stimulus, coalition: Coalition(emptyOf: regionCount)),
          shapley: phantom.zeta(stimulus: stimulus, .shapley), banzhaf: phantom.zeta(stimulus: stimulus, .banzhaf))
      }
    }
  }
}
