import Shapley

/// An estimate as the body of a message.
enum EstimateMessage {
  static func write(_ estimate: Estimate, to writer: inout MessageWriter) {
    writer.append(estimate.zeta)
    writer.append(estimate.standardError)
    writer.append(estimate.degreesOfFreedom)
    writer.append(estimate.full)
    writer.append(estimate.empty)
    writer.append(estimate.evaluations)
    writer.append(estimate.efficiencyResidual)
    writer.append(estimate.notes.count)
    for note in estimate.notes { writer.append(note) }
  }

  static func read(_ reader: inout MessageReader) -> Estimate {
    Estimate(
      zeta: reader.readDoubles(), standardError: reader.readDoubles(), degreesOfFreedom: reader.readDouble(),
      full: reader.readDouble(), empty: reader.readDouble(), evaluations: reader.readInt(),
      efficiencyResidual: reader.readDouble(), notes: (0..<reader.readInt()).map { _ in reader.readString() })
  }
}
