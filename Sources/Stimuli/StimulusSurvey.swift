package import Arrays
import Files

/// What reading all stimuli once tells: which of them a network can't be asked about, and which repeat another.
package struct StimulusSurvey: Sendable, Hashable {
  /// How one input is taken by the model.
  package struct Reading: Sendable {
    package let type: ScalarType
    /// The tables whose rows its numbers choose: those at some entries of its last axis, or all.
    package let tables: [(weight: String, rows: Int, entries: [Int]?)]

    package init(type: ScalarType, tables: [(weight: String, rows: Int, entries: [Int]?)] = []) {
      self.type = type
      self.tables = tables
    }
  }

  /// Stimuli with NaN or infinity in them, by their number in the set, in order.
  package let nonFinite: [Int]
  /// Stimuli that are the same as an earlier one, with that one's number.
  package let repeats: [Repeat]

  package struct Repeat: Sendable, Hashable {
    package let stimulus: Int
    package let original: Int
  }
}

extension StimulusSet {
  /// Reads every stimulus as the model will.
  ///
  /// Cost: all stimuli are read, and decoded where they are pictures; equal ones are read once more.
  /// - Parameter readings: one for each of `inputs`, which have been fitted to the model.
  /// - Throws: `badInput` if a number can't be taken by the model: one that overflows its type, or an id that chooses no
  ///   row of a table.
  package func survey(_ readings: [StimulusSurvey.Reading]) throws(StimuliError) -> StimulusSurvey {
    precondition(readings.count == inputs.count, "a reading for each of \(inputs.count) inputs")
    var nonFinite: [Int] = []
    var repeats: [StimulusSurvey.Repeat] = []
    var seen: [Int: [Int]] = [:]
    for stimulus in 0..<count {
      var hasher = Hasher()
      var isFinite = true
      for (input, reading) in readings.enumerated() {
        let bytes = try bytes(of: stimulus, input: input, as: reading.type)
        hasher.combine(bytes.count)
        unsafe bytes.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        if reading.type.isFloatingPoint {
          isFinite = isFinite && Self.areFinite(bytes, reading.type)
        } else if !reading.tables.isEmpty {
          try checkIds(bytes, of: stimulus, input: input, reading)
        }
      }
      if !isFinite { nonFinite.append(stimulus) }
      let hash = hasher.finalize()
      var original: Int?
      for other in seen[hash] ?? [] where original == nil {
        if try isSame(stimulus, other, readings) { original = other }
      }
      if let original {
        repeats.append(StimulusSurvey.Repeat(stimulus: stimulus, original: original))
      } else {
        seen[hash, default: []].append(stimulus)
      }
    }
    return StimulusSurvey(nonFinite: nonFinite, repeats: repeats)
  }

  /// The stimuli that a network can be asked about, with notes on those that are left out and on those that repeat others.
  ///
  /// - Parameters:
  ///   - survey: of this set.
  ///   - allowsNonFinite: whether stimuli with NaN or infinity may be left out.
  ///   - clusters: of each stimulus: that those of one are alike is known; `nil` where each is by itself.
  /// - Throws: `badInput` with the first such stimulus where they may not, or where no other is left.
  package func usable(
    by survey: StimulusSurvey, allowsNonFinite: Bool, clusters: [Int]? = nil
  ) throws(StimuliError) -> StimulusSet {
    var result = self
    if let first = survey.nonFinite.first {
      let more = survey.nonFinite.count > 1 ? ", as do \(survey.nonFinite.count - 1) more," : ""
      guard allowsNonFinite, survey.nonFinite.count < count else {
        throw StimuliError(
          .badInput,
          "stimulus \(records[first]) of \(description)\(more) holds NaN or infinity: "
            + (allowsNonFinite ? "no stimulus is left" : "mend the file, or leave such stimuli out with --allow-nonfinite"))
      }
      let left = Set(survey.nonFinite)
      result = try select((0..<count).filter { !left.contains($0) })
      result.addNote(
        "\(survey.nonFinite.count) of \(count) stimuli hold NaN or infinity and are left out: \(numbers(survey.nonFinite)).")
    }
    let left = Set(survey.nonFinite)
    let all = survey.repeats.filter { !left.contains($0.stimulus) }
    let repeats = all.filter { pair in clusters.map { $0[pair.stimulus] != $0[pair.original] } ?? true }
    if !repeats.isEmpty {
      result.addNote(
        all.count == result.count - 1
          ? "All \(result.count) stimuli are the same, so intervals across them say nothing of others."
          : "\(repeats.count) of \(result.count) stimuli repeat others, though intervals take them for independent: \(numbers(repeats.map(\.stimulus))).\(clusters == nil ? " Where stimuli are repeated measures, --clusters says of what." : "")"
      )
    }
    return result
  }

  /// The places in the files of some stimuli, the first ones where there are many.
  private func numbers(_ stimuli: [Int]) -> String {
    let most = 8
    return stimuli.prefix(most).map { "\(records[$0])" }.joined(separator: ", ") + (stimuli.count > most ? ", …" : "")
  }

  private func bytes(of stimulus: Int, input: Int, as type: ScalarType) throws(StimuliError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: inputs[input].elementCount * type.byteCount)
    var failure: StimuliError?
    unsafe result.withUnsafeMutableBytes { destination in
      do throws(StimuliError) {
        try unsafe read(stimulus: stimulus, input: input, as: type, into: destination)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }

  private func isSame(
    _ a: Int, _ b: Int, _ readings: [StimulusSurvey.Reading]
  ) throws(StimuliError) -> Bool {
    for (input, reading) in readings.enumerated() {
      guard try bytes(of: a, input: input, as: reading.type) == bytes(of: b, input: input, as: reading.type) else {
        return false
      }
    }
    return true
  }

  private static func areFinite(_ bytes: [UInt8], _ type: ScalarType) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
      switch type {
      case .float16: unsafe bytes.bindMemory(to: Float16.self).allSatisfy(\.isFinite)
      case .float64: unsafe bytes.bindMemory(to: Double.self).allSatisfy(\.isFinite)
      default: unsafe bytes.bindMemory(to: Float.self).allSatisfy(\.isFinite)
      }
    }
  }

  private func checkIds(
    _ bytes: [UInt8], of stimulus: Int, input: Int, _ reading: StimulusSurvey.Reading
  ) throws(StimuliError) {
    let ids =
      NumericArray(
        shape: [inputs[input].elementCount], scalarType: reading.type, isBigEndian: false, bytes: FileBytes(bytes), offset: 0
      ).integers() ?? []
    let width = inputs[input].shape.last ?? 1
    for table in reading.tables {
      let place = ids.indices.first {
        (table.entries?.contains($0 % width) ?? true) && (ids[$0] < -table.rows || ids[$0] >= table.rows)
      }
      if let place {
        let remedy =
          table.entries == nil
          ? "use the tokenizer that belongs to the model" : "bring it into that range, as boxes to the page's scale"
        throw StimuliError(
          .badInput,
          "stimulus \(records[stimulus]) of \(inputs[input].place) holds the id \(ids[place]) at element \(place), and the embedding \"\(table.weight)\" has \(table.rows) rows, 0 to \(table.rows - 1): \(remedy)"
        )
      }
    }
  }
}
