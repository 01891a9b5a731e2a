import ArgumentParser
import Foundation
import ModelGraph
import Monitoring
import Networks
import OnnxRuntime
import Stimuli

/// The reference and the stimuli that a measurement of the monitor is of.
struct MonitorSubject: ParsableArguments {
  struct Opened {
    let reference: MonitorReference
    let monitored: MonitoredModel
    let feed: StimulusFeed
    /// As the monitor runs it, but for what it adds.
    let model: Model

    var sessionOptions: Session.Options {
      Session.Options(for: model, threads: reference.origin.threads)
    }

    func judge() throws -> Judge { try Judge(reference, outlierRate: 0.01, driftRate: 0.01) }
  }

  @Argument(help: "The file of the reference, whose model is where it was learnt from.")
  var reference: String

  @Option(help: "Normal stimuli that the reference wasn't learnt from.")
  var data: String

  /// Opens all of it. - Parameter stimuli: how many, the first ones.
  func open(stimuli: Int) throws -> Opened {
    let reference = try MonitorReference(contentsOf: reference)
    let monitored = try MonitoredModel(reference, model: nil)
    return Opened(
      reference: reference, monitored: monitored,
      feed: try monitored.feed(try monitored.stimuli(contentsOf: data).prefix(stimuli)),
      model: try Model(contentsOf: reference.origin.model).prepared(reference.origin.preparation))
  }

  /// Prints a report as JSON.
  static func print(_ report: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    Swift.print(String(decoding: try encoder.encode(report), as: UTF8.self))
  }
}
