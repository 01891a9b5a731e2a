package import Arrays
import Files

/// What one model input is given: the same array for every stimulus, kept as it is stored.
package struct StimulusInput: Sendable {
  /// Stimuli that lie one after the other, each `stride` bytes after the one before.
  struct Segment: Sendable {
    let bytes: FileBytes
    let offset: Int
    let stride: Int
    let count: Int
  }

  /// How a stored stimulus becomes the one that is asked for.
  enum Arrangement: Sendable {
    case asStored
    /// Stored as C, H, W, handed over as H, W, C.
    case channelsLast
  }

  /// Where the numbers are.
  enum Storage: Sendable {
    case segments([Segment])
    /// Files that are decoded when a stimulus is read.
    case pictures(PictureFolder)
  }

  /// The array's name in an `.npz`; nil for formats of one array.
  package let name: String?
  /// One stimulus as it is handed over, without the batch axis.
  package private(set) var shape: [Int]
  /// The type it is stored in.
  package let scalarType: ScalarType
  package private(set) var preprocessing = Preprocessing()
  /// Which axis numbers for each channel lie along: of the stimulus as it is stored where it is an image, else as it is handed over.
  private(set) var channelAxis = 0
  /// Whether all stimuli are given the same.
  package private(set) var isShared: Bool
  /// The description of the set that it belongs to.
  var source = "the stimuli"

  /// True for formats of images, whose axes are known to be C, H, W.
  let isImage: Bool
  private(set) var storedShape: [Int]
  let isBigEndian: Bool
  private(set) var storage: Storage
  private(set) var arrangement = Arrangement.asStored
  /// All of it, where it is an array whose axes only a model can tell.
  let array: NumericArray?
  /// What the numbers of a stimulus are called, where it is a row of a table with a header.
  let columnNames: [String]?

  init(
    name: String?, shape: [Int], scalarType: ScalarType, isBigEndian: Bool, isImage: Bool, segments: [Segment]
  ) {
    self.name = name
    self.shape = shape
    self.scalarType = scalarType
    self.isBigEndian = isBigEndian
    self.isImage = isImage
    self.storedShape = shape
    self.storage = .segments(segments)
    isShared = false
    array = nil
    columnNames = nil
  }

  /// Pictures, C, H, W bytes each; three channels until a model asks for one.
  init(_ pictures: PictureFolder) {
    name = nil
    storedShape = [3, pictures.height, pictures.width]
    shape = storedShape
    scalarType = .uint8
    isBigEndian = false
    isImage = true
    storage = .pictures(pictures)
    isShared = false
    array = nil
    columnNames = nil
  }

  /// An array with a stimulus a row of its first axis, until it is fitted to a model.
  ///
  /// - Parameter isShared: whether it is given to all stimuli as it is.
  init(name: String?, _ array: NumericArray, isShared: Bool = false, columnNames: [String]? = nil) {
    self.name = name
    self.columnNames = columnNames
    self.isShared = isShared || array.shape.isEmpty
    storedShape = self.isShared ? array.shape : Array(array.shape.dropFirst())
    shape = storedShape
    scalarType = array.scalarType
    isBigEndian = array.isBigEndian
    isImage = false
    self.array = array
    storage = .segments([])
    lay(array)
  }

  /// Zeros for all stimuli.
  static func zeros(_ name: String, shape: [Int]) -> StimulusInput {
    let count = shape.reduce(1, *)
    return StimulusInput(
      name: name, NumericArray(shape: shape, uint8: [UInt8](repeating: 0, count: count)), isShared: true)
  }

  private mutating func lay(_ array: NumericArray) {
    let stride = storedShape.reduce(array.scalarType.byteCount, *)
    let count = isShared ? 1 : array.shape[0]
    storage = .segments([Segment(bytes: array.bytes, offset: array.offset, stride: stride, count: count)])
  }

  /// How many stimuli lie there; one where all share it.
  var rowCount: Int {
    switch storage {
    case .pictures(let pictures): pictures.paths.count
    case .segments(let segments): segments.reduce(0) { $0 + $1.count }
    }
  }

  /// Whether one stimulus, or what all share, has all the axes of a model's input, its batch axis too, which is longer than 1: what is no
  /// batch but a graph's nodes, or another number of things in a stimulus.
  ///
  /// - Parameter lengths: as the model declares them; `nil` where one is free.
  package func fills(_ lengths: [Int?], batchAxis: Int) -> Bool {
    array != nil && shape.count == lengths.count && shape[batchAxis] != 1
      && zip(shape, lengths).allSatisfy { $1 == nil || $0 == $1 }
  }

  /// Elements of one stimulus.
  package var elementCount: Int { shape.reduce(1, *) }

  /// Where it comes from, for messages.
  var place: String { name.map { "array \"\($0)\" of \(source)" } ?? source }

  /// Whether its numbers are the brightness of pixels: bytes, with at least two axes a stimulus.
  var isOfPixels: Bool { scalarType == .uint8 && storedShape.count >= 2 }

  /// Why another array can't stand for this one, though it fits the same input: the end of a sentence that begins with what it comes from.
  ///
  /// Cost: a look at all of the other's numbers where these are bytes of images and those are none.
  package func reasonAgainst(_ other: StimulusInput) -> String? {
    if let own = columnNames, let names = other.columnNames, own != names {
      return Set(own) == Set(names)
        ? "has the columns of \(source) in another order: give both the same"
        : "calls its columns otherwise than \(source): give both the same, or no header"
    }
    guard isOfPixels, preprocessing.scale == nil, other.scalarType.isFloatingPoint, let array = other.array,
      let largest = array.doubles().map(abs).max(), largest > 2
    else { return nil }
    return
      "holds numbers up to \(largest), and the bytes of \(source) are divided by 255: give bytes (uint8), numbers from 0 to 1, or --scale for both"
  }

  /// What is said of bytes that a model takes as floating-point numbers, where they may be something else than images.
  var noteOnBytes: String? {
    guard scalarType == .uint8, !isShared, !isImage, preprocessing.scale == nil else { return nil }
    return isOfPixels
      ? "The bytes of \(place) are taken for images and divided by 255; --scale says otherwise."
      : "The bytes of \(place) have one axis a stimulus, so they are taken as they are; --scale 255 divides them as images."
  }

  mutating func setPreprocessing(_ preprocessing: Preprocessing) throws(StimuliError) {
    try preprocessing.check()
    self.preprocessing = preprocessing
    // What an array's axes are may be for a model to tell.
    if array == nil { try settleChannels(of: nil) } else { try? settleChannels(of: nil) }
  }

  /// Decides which axis counts channels: as the user says, as the model tells, or as only one of them has as many.
  ///
  /// - Throws: `badInput` where that can't be told and matters, or the axis has another length.
  private mutating func settleChannels(of input: ModelInput?) throws(StimuliError) {
    guard preprocessing.isByChannel, array != nil else {
      channelAxis = 0
      return try preprocessing.check(shape: storedShape, channelAxis: 0, of: place)
    }
    let name = input?.name ?? name
    if let axis = try preprocessing.channelAxis(toldFor: name, rank: shape.count) ?? input?.channelAxis {
      channelAxis = axis
    } else {
      channelAxis = try preprocessing.channelAxis(byCountIn: shape, of: name ?? "INPUT")
    }
    try preprocessing.check(shape: shape, channelAxis: channelAxis, of: place)
  }

  /// Fits the stimuli to a model input, where that needs no guess.
  ///
  /// Images may be handed over as H, W, C, without an axis of length 1, as one row, or, where they come from pictures,
  /// in grey. An array's stimuli lie along its first axis, along the axis of the model's batch, or are one for all.
  ///
  /// - Parameter count: how many stimuli there are.
  /// - Returns: what was understood that a user might not have meant; `nil` where there is nothing to say.
  /// - Throws: `badInput` with both shapes.
  mutating func fit(to input: ModelInput, count: Int) throws(StimuliError) -> String? {
    var note: String?
    if let array {
      note = try fit(array, to: input, count: count)
    } else {
      try fitImages(to: input)
    }
    // Channels may lie elsewhere than they did before.
    if input.isFloatingPoint { try settleChannels(of: input) }
    return note
  }

  private mutating func fit(
    _ array: NumericArray, to input: ModelInput, count: Int
  ) throws(StimuliError) -> String? {
    let lengths = array.shape
    guard input.shape != nil || isShared || lengths.first == count || lengths.first == 1 else {
      throw tooFew(input, count: count)
    }
    if input.shape == nil, isShared || lengths.first == count { return nil }
    if !isShared, lengths.first == count, let shape = input.fit(Array(lengths.dropFirst())) {
      storedShape = Array(lengths.dropFirst())
      lay(array)
      self.shape = shape
      if let axis = input.batchAxis, input.takesAlongBatch(lengths), count > 1, lengths[axis] > 1 {
        return
          "The stimuli of \(place), of shape \(lengths), are taken to lie along its first axis, and not along its axis \(axis), as in the model's input."
      }
      return nil
    }
    if !isShared, let axis = input.batchAxis, input.takesAlongBatch(lengths), lengths[axis] == count {
      let turned = try array.movingToFront(axis: axis)
      storedShape = Array(turned.shape.dropFirst())
      lay(turned)
      shape = storedShape
      return "The stimuli of \(place), of shape \(lengths), lie along its axis \(axis), as in the model's input."
    }
    let whole = input.fit(lengths)
    if let shape = whole ?? (lengths.first == 1 ? input.fit(Array(lengths.dropFirst())) : nil) {
      isShared = true
      storedShape = lengths
      lay(array)
      self.shape = shape
      return count == 1 ? nil : "All stimuli are given the same \(place)."
    }
    guard isShared || lengths.first == count else {
      throw tooFew(input, count: count)
    }
    if !isShared, let shape = input.fitAddingAxis(Array(lengths.dropFirst())) {
      storedShape = Array(lengths.dropFirst())
      lay(array)
      self.shape = shape
      return
        "Each stimulus of \(place), of shape \(storedShape), is given an axis of length 1, as the model's input \"\(input.name)\" has: \(shape)."
    }
    throw misfit(input)
  }

  private func tooFew(_ input: ModelInput, count: Int) -> StimuliError {
    StimuliError(
      .badInput,
      "\(place) has shape \(array?.shape ?? storedShape), and model input \"\(input.name)\" takes \(Self.text(input.shape)) for each of \(count) stimuli: make its first axis \(count) long, or 1 for what all stimuli share"
    )
  }

  private mutating func fitImages(to input: ModelInput) throws(StimuliError) {
    var stored = storedShape
    var candidates: [([Int], Arrangement, Int)] = []
    for channels in channelChoices {
      stored[0] = channels
      let (height, width) = (stored[1], stored[2])
      candidates.append((stored, .asStored, channels))
      candidates.append(([height, width, channels], .channelsLast, channels))
      if channels == 1 { candidates.append(([height, width], .asStored, channels)) }
      candidates.append(([channels * height * width], .asStored, channels))
    }
    guard let (shape, arrangement, channels) = candidates.first(where: { input.takes($0.0) }) else {
      throw misfit(input)
    }
    storedShape[0] = channels
    self.shape = input.shape == nil ? storedShape : shape
    self.arrangement = arrangement
  }

  /// How many channels images can have.
  private var channelChoices: [Int] {
    if case .pictures = storage { [3, 1] } else { [storedShape[0]] }
  }

  private func misfit(_ input: ModelInput) -> StimuliError {
    var remedy = "reshape the stimuli, their first axis being the stimulus"
    if let several = input.axisOfSeveral(storedShape) {
      remedy =
        "if the model takes \(several.length) stimuli at a time along axis \(several.axis), export it for one, or with that axis free; else reshape the stimuli, their first axis being the stimulus"
    }
    if case .pictures = storage { remedy = "give the model's height and width with --resize HxW" }
    return StimuliError(
      .badInput,
      "one stimulus of \(place) has shape \(storedShape), and model input \"\(input.name)\" takes \(Self.text(input.shape)): \(remedy)"
    )
  }

  private static func text(_ shape: [Int?]?) -> String {
    guard let shape else { return "an array" }
    return "[" + shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
  }
}
