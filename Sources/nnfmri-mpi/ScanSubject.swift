import ArgumentParser
import Grids
import Phantom
import ScanPlan
import ScanResults
import ScanStore
import Shapley

/// What is scanned: the user's network and stimuli, or the built-in phantom.
struct ScanSubject {
  /// How many stimuli the phantom shows unless told otherwise.
  private static let phantomStimuli = 8
  private static let userStimuli = 256

  let request: ScanRequest
  private let phantom: GlyphPhantom?

  /// - Parameter writesPhantom: whether this process is the one that writes the phantom's files, if it is scanned.
  init(_ options: ScanOptions, resumes: Bool, writesPhantom: Bool) throws {
    let isPhantom = options.model == nil
    let folder = options.out ?? (isPhantom ? "nnfmri-phantom" : "nnfmri-scan")
    var request = try options.request(
      model: options.model ?? folder + "/model.onnx", data: options.data ?? folder + "/stimuli.bin", output: folder,
      stimuli: isPhantom ? Self.phantomStimuli : Self.userStimuli)
    request.analysis.clusters = try options.clusters.map(ClusterFile.read)
    self.request = request
    phantom =
      isPhantom
      ? GlyphPhantom(count: request.measurement.stimulusLimit, seed: request.measurement.seed, placement: .fixed) : nil
    guard let phantom, writesPhantom, !(resumes && OutputFolder(folder).isMeasured) else { return }
    try OutputFolder(folder).claim(resumes: resumes)
    try phantom.write(to: folder)
  }

  /// One of several scans that a command asks for: what it is, and its request.
  typealias Part = (title: String, request: ScanRequest)

  /// The scans that are asked for: the request itself, or one for each of several outputs, or the total and the direct effect, each
  /// with a folder of its own inside the folder of results.
  func parts(_ options: ScanOptions) -> [Part] {
    if let mediator = options.paths.mediator { return effects(around: mediator) }
    let outputs = options.outputs.outputs
    guard outputs.count > 1 else { return [("", request)] }
    var folders: [String] = []
    return outputs.map { output in
      // Names of tensors may hold slashes and anything else.
      let plain = String(output.map { $0.isASCII && ($0.isLetter || $0.isNumber || "_-".contains($0)) ? $0 : "_" })
      var folder = plain
      while folders.contains(folder) { folder = "\(plain)_\(folders.count)" }
      folders.append(folder)
      var request = request
      request.measurement.output = output
      request.run.output += "/" + folder
      return ("Output \(output)", request)
    }
  }

  private func effects(around mediator: String) -> [Part] {
    var (whole, around) = (request, request)
    whole.run.output += "/" + MediatedEffect.total
    around.run.output += "/" + MediatedEffect.direct
    around.measurement.freeze(mediator)
    // The direct effect first: what can't be frozen is refused before anything is measured.
    return [("Direct effect, around \(mediator)", around), ("Total effect", whole)]
  }

  /// Lines on how the finding compares with the truth, where it is known.
  func verdict(on result: ScanResult) -> [String] {
    guard let phantom else { return [] }
    var lines: [String] = []
    for layer in result.layers where layer.grid.isGrid {
      let (rows, columns, groups) = (layer.plan.grid[0], layer.plan.grid[1], layer.plan.grid[2])
      guard let truth = phantom.truth(of: layer.plan.tensor, gridRows: rows, gridColumns: columns) else { continue }
      let critical = layer.statistics.isCritical.indices.filter { layer.statistics.isCritical[$0] }
      let verdict = truth.verdict(criticalRegions: critical, channelGroups: groups)
      lines.append(
        """
        Phantom, layer_\(layer.plan.number): \(verdict.found) of \(verdict.found + verdict.missed) planted cells found, \
        \(verdict.missed) missed, \(verdict.false) of \(verdict.critical) critical regions false.
        """)
    }
    return lines
  }
}
