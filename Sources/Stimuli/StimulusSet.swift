package import Arrays
import Files

/// The stimuli of a scan: what every model input is given, and the labels, if known.
///
/// Values stay as they are stored, in memory or in mapped files, until a stimulus is read.
package struct StimulusSet: Sendable, CustomStringConvertible {
  package private(set) var inputs: [StimulusInput]
  /// The class of each stimulus, counted from 0; below 0 where one has no label. [count]
  package private(set) var labels: [Int]?
  /// Why an array of labels was left out, a clause; `nil` where none was.
  private(set) var labelsLeftOut: String?
  /// What a request for labels is told where there are none: that, or that there are none.
  package var noLabels: String { labelsLeftOut ?? "\(description) has none" }
  /// The names of the classes, by number, where they are known.
  package private(set) var classNames: [String]?
  /// Arrays of one whole number a stimulus that no input is named after, by name. [allCount]
  var columns: [String: [Int]] = [:]
  /// What they are and where they come from, for people.
  package let description: String
  /// What was understood that a user might not have meant, a sentence each.
  package private(set) var notes: [String] = []
  /// The files that were read whole, in order.
  private var ownFiles: [String]
  /// Where stimuli are files of their own.
  private let pictures: PictureFolder?
  /// Arrays that can't be read, by name, with the reason; asked for only if a model has an input of that name.
  private var unreadable: [String: StimuliError] = [:]
  /// The stimuli in use, by their places in the files. [count]
  package private(set) var records: [Int]
  /// How many there are in the files.
  package let allCount: Int
  /// What was asked to be done to stored numbers.
  private var preprocessing = Preprocessing()

  /// - Throws: `badInput` if there are no stimuli, or as many labels as there are not stimuli.
  init(
    inputs: [StimulusInput], count: Int, labels: [Int]?, description: String, files: [String],
    pictures: PictureFolder? = nil
  ) throws(StimuliError) {
    guard count > 0 else {
      throw StimuliError(.badInput, "\(description): there are no stimuli in it: give at least one")
    }
    self.inputs = inputs.map { input in
      var input = input
      input.source = description
      return input
    }
    self.description = description
    self.pictures = pictures
    ownFiles = files
    records = Array(0..<count)
    allCount = count
    if let labels { try setLabels(labels, from: description) }
  }

  /// Stimuli made in memory: one array a model input, each with the stimuli along its first axis.
  ///
  /// - Throws: `badInput` if there are none, or another number of labels.
  package init(
    _ arrays: [(name: String?, array: NumericArray)], labels: [Int]? = nil, description: String
  ) throws(StimuliError) {
    try self.init(
      arrays.map { NamedArray(name: $0.name, array: $0.array) }, labels: labels, description: description, files: [])
  }

  init(
    _ arrays: [NamedArray], of inputs: [ModelInput] = [], unreadable: [String: StimuliError] = [:], labels: [Int]?,
    description: String, files: [String]
  ) throws(StimuliError) {
    guard !arrays.isEmpty else {
      throw unreadable.min { $0.key < $1.key }?.value
        ?? StimuliError(.badInput, "\(description): there are no arrays in it: give one for each model input")
    }
    guard let count = NamedArray.stimulusCount(arrays, of: inputs) else {
      throw StimuliError(
        .badInput,
        "\(description): \(arrays[0].name.map { "array \"\($0)\"" } ?? "the array") is a single number or one for all: an array's first axis must be the stimulus"
      )
    }
    if let empty = arrays.first(where: { $0.array.shape.first == count && $0.array.elementCount == 0 }), count > 0,
      arrays.allSatisfy({ $0.array.elementCount == 0 })
    {
      throw StimuliError(
        .badInput, "\(description): shape \(empty.array.shape) has an axis of length 0: give stimuli with values")
    }
    try self.init(
      inputs: arrays.map { StimulusInput(name: $0.name, $0.array, isShared: $0.isShared, columnNames: $0.columnNames) },
      count: count,
      labels: labels, description: description, files: files)
    self.unreadable = unreadable
  }

  /// The files that the stimuli in use come from, in order, for the record of a scan; none for stimuli made in memory.
  package var files: [String] {
    guard let pictures else { return ownFiles }
    return ownFiles + records.map { pictures.paths[$0] }
  }

  /// Images made in memory, C, H, W bytes each, treated as those of an image file: divided by 255 unless told otherwise.
  ///
  /// - Parameter pixels: [count x channels x height x width]
  /// - Throws: `StimuliError` where labels are of another number.
  package init(
    pixels: [UInt8], channels: Int, height: Int, width: Int, labels: [Int]? = nil, description: String
  ) throws(StimuliError) {
    let stride = channels * height * width
    precondition(stride > 0 && pixels.count.isMultiple(of: stride), "whole images")
    let segment = StimulusInput.Segment(
      bytes: FileBytes(pixels), offset: 0, stride: stride, count: pixels.count / stride)
    let input = StimulusInput(
      name: nil, shape: [channels, height, width], scalarType: .uint8, isBigEndian: false, isImage: true,
      segments: [segment])
    try self.init(inputs: [input], count: segment.count, labels: labels, description: description, files: [])
  }

  /// What the numbers that a model's input is given of a stimulus are called, where a table's header has a name of its own for each.
  package func columnNames(of input: String) -> [String]? {
    let names = (inputs.first { $0.name == input } ?? (inputs.count == 1 ? inputs[0] : nil))?.columnNames
    guard let names, Set(names).count == names.count, !names.contains("") else { return nil }
    return names
  }

  /// The number of stimuli.
  package var count: Int { records.count }

  /// The first stimuli, at most `maximum`.
  package func prefix(_ maximum: Int) -> StimulusSet {
    precondition(maximum > 0, "at least one stimulus")
    return keeping(Array(0..<min(maximum, count)))
  }

  /// Some of the stimuli, in the order given.
  ///
  /// - Throws: `badInput` if an index is beyond the end, or there is none.
  package func select(_ indices: [Int]) throws(StimuliError) -> StimulusSet {
    guard !indices.isEmpty else { throw StimuliError(.badInput, "\(description): no stimuli were chosen: choose at least one") }
    if let outside = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw StimuliError(.badInput, "\(description): there is no stimulus \(outside): choose from 0 to \(count - 1)")
    }
    return keeping(indices)
  }

  private func keeping(_ indices: [Int]) -> StimulusSet {
    var result = self
    result.records = indices.map { records[$0] }
    result.labels = labels.map { labels in indices.map { labels[$0] } }
    return result
  }

  /// The same stimuli with other labels.
  ///
  /// - Throws: `badInput` unless there is one label a stimulus.
  package mutating func setLabels(_ labels: [Int], from source: String) throws(StimuliError) {
    guard labels.count == count else {
      throw StimuliError(
        .badInput, "\(source): \(labels.count) labels for \(count) stimuli: give one label for each stimulus, in order")
    }
    self.labels = labels
    if let labelsLeftOut { notes.removeAll { $0.contains(labelsLeftOut) } }
    labelsLeftOut = nil
  }

  /// Leaves an array of labels out that are none.
  ///
  /// - Parameter reason: a clause with the file and the array.
  mutating func leaveOutLabels(_ reason: String) {
    labelsLeftOut = reason
    addNote("No labels are read: \(reason).")
  }

  /// One whole number a stimulus, from an array of the stimuli's file that no input of the model is named after; `nil` where
  /// there is none of the name. [count]
  package func column(_ name: String) -> [Int]? {
    columns[name].map { column in records.map { column[$0] } }
  }

  /// Names the classes.
  package mutating func setClassNames(_ names: [String]?) {
    classNames = names
  }

  /// Notes one more file that the stimuli come from.
  mutating func addFile(_ path: String) {
    ownFiles.append(path)
  }

  /// Sets how stored numbers reach floating-point inputs. Of several arrays, those with channels and two more axes are meant.
  ///
  /// - Throws: `badInput` if it does not fit a stimulus's channels.
  package mutating func setPreprocessing(_ preprocessing: Preprocessing) throws(StimuliError) {
    for index in inputs.indices where inputs.count == 1 || inputs[index].shape.count >= 3 {
      try inputs[index].setPreprocessing(preprocessing)
    }
    self.preprocessing = preprocessing
  }

  /// - Parameter arranged: what each of the model's inputs is given.
  /// - Throws: `badInput` where the numbers of none are changed as was asked.
  private func checkPreprocessing(_ arranged: [StimulusInput], for modelInputs: [ModelInput]) throws(StimuliError) {
    let flags = preprocessing.flags
    guard !flags.isEmpty,
      !zip(arranged, modelInputs).contains(where: { $1.isFloatingPoint && !$0.preprocessing.flags.isEmpty })
    else { return }
    let names = modelInputs.filter(\.isFloatingPoint).map { "\"\($0.name)\"" }
    let reason =
      names.isEmpty
      ? "all inputs of the model (\(modelInputs.map { "\"\($0.name)\"" }.joined(separator: ", "))) take whole numbers, as they are stored"
      : "of several arrays those with three axes or more a stimulus are meant, and none of \(description) that has them is for a floating-point input (\(names.joined(separator: ", ")))"
    let them = flags.count == 1 ? "it" : "them"
    throw StimuliError(
      .badInput,
      "\(flags.joined(separator: ", ")) would change nothing: \(reason); leave \(them) out, and store what the network needs")
  }

  /// Puts the arrays in the order of a model's inputs and fits each to its shape. Arrays that no input is named after are
  /// left out; what isn't brought and starts as zeros is made. `notes` tells both.
  ///
  /// - Throws: `badInput`, with the names or both shapes, if they do not fit.
  package mutating func fit(to modelInputs: [ModelInput]) throws(StimuliError) {
    var arranged: [StimulusInput] = []
    var used: Set<String?> = []
    // An array needs no name where there is one input that it can be meant for.
    let needed = modelInputs.filter { !$0.isState }
    let only = needed.count == 1 ? needed[0].name : modelInputs.count == 1 ? modelInputs[0].name : nil
    for wanted in modelInputs {
      var input: StimulusInput
      if let named = inputs.first(where: { $0.name == wanted.name }) {
        input = named
      } else if let error = unreadable[wanted.name] {
        throw error
      } else if wanted.name == only, inputs.count == 1, !modelInputs.contains(where: { $0.name == inputs[0].name }) {
        input = inputs[0]
        // NumPy's own name for an array that was given none.
        if let name = input.name, name != "arr_0" {
          addNote("\(description) names no input of the model: its one array \"\(name)\" is taken for \"\(wanted.name)\".")
        }
      } else if wanted.isState, let shape = wanted.shape, Self.isAffordable(shape) {
        arranged.append(.zeros(wanted.name, shape: shape.map { $0 ?? 0 }))
        addNote(
          "Nothing is given for the model's input \"\(wanted.name)\": it is \(wanted.isFlag ? "false." : shape.contains(nil) ? "empty, as at a sequence's start." : "zeros, as at a sequence's start.")"
        )
        continue
      } else {
        throw missing(wanted, of: modelInputs)
      }
      used.insert(input.name)
      if let note = try input.fit(to: wanted, count: allCount) {
        addNote(note)
      }
      if wanted.isFloatingPoint, let note = input.noteOnBytes { addNote(note) }
      arranged.append(input)
    }
    try checkPreprocessing(arranged, for: modelInputs)
    if count > 1, let input = arranged.first, arranged.allSatisfy(\.isShared) {
      throw StimuliError(
        .badInput,
        "\(description) gives all stimuli the same: \(input.place) has shape \(input.shape) for one stimulus; put an axis for the stimulus in front"
      )
    }
    let unused = inputs.compactMap(\.name).filter { !used.contains($0) } + unreadable.keys.sorted()
    if !unused.isEmpty {
      let names = unused.map { "\"\($0)\"" }.joined(separator: ", ")
      addNote("Not inputs of the model, and not fed to it: \(names) of \(description).")
    }
    inputs = arranged
    unreadable = [:]
  }

  /// Whether zeros of a shape are few enough to be made.
  private static func isAffordable(_ shape: [Int?]) -> Bool {
    var span = 1
    for length in shape.compactMap(\.self) {
      let (next, overflowed) = span.multipliedReportingOverflow(by: max(length, 1))
      guard !overflowed, next <= 1 << 28 else { return false }
      span = next
    }
    return true
  }

  private func missing(_ wanted: ModelInput, of modelInputs: [ModelInput]) -> StimuliError {
    let have = inputs.map { "\"\($0.name ?? "unnamed")\"" }.joined(separator: ", ")
    let want = modelInputs.map { "\"\($0.name)\"" }.joined(separator: ", ")
    return StimuliError(
      .badInput,
      "\(description): no array for model input \"\(wanted.name)\": it has \(have), the model takes \(want); name the arrays of an .npz, or the columns of a table, after the inputs"
    )
  }

  /// Adds a sentence, once.
  package mutating func addNote(_ note: String) {
    if !notes.contains(note) { notes.append(note) }
  }

  /// Writes one stimulus of one input into a buffer, in C order.
  ///
  /// - Parameters:
  ///   - elementType: the model input's. Floating-point types are preprocessed; integers and bool are taken unchanged.
  ///   - destination: exactly one stimulus, `inputs[input].elementCount` elements.
  /// - Throws: `badInput` if an integer type cannot hold a value.
  package func read(
    stimulus: Int, input: Int, as elementType: ScalarType, into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    try unsafe inputs[input].read(record: records[stimulus], as: elementType, into: destination)
  }

  /// One stimulus of one input as Float, preprocessed. [inputs[input].elementCount]
  ///
  /// - Throws: `StimuliError` where the file can't be read any more.
  package func floats(stimulus: Int, input: Int = 0) throws(StimuliError) -> [Float] {
    var result = [Float](repeating: 0, count: inputs[input].elementCount)
    var failure: StimuliError?
    unsafe result.withUnsafeMutableBytes { destination in
      do throws(StimuliError) {
        try unsafe read(stimulus: stimulus, input: input, as: .float32, into: destination)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return result
  }
}
