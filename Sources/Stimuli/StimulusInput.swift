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

  /// The array's name in an `.npz`; nil for formats of one array.
  package let name: String?
  /// One stimulus as it is handed over, without the batch axis.
  package private(set) var shape: [Int]
  /// The type it is stored in.
  package let scalarType: ScalarType
  package private(set) var preprocessing = Preprocessing()
  /// The description of the set that it belongs to.
  var source = "the stimuli"

  /// True for formats of images, whose axes are known to be C, H, W.
  let isImage: Bool
  private let storedShape: [Int]
  private let isBigEndian: Bool
  private let segments: [Segment]
  private var arrangement = Arrangement.asStored

  init(
    name: String?, shape: [Int], scalarType: ScalarType, isBigEndian: Bool, isImage: Bool, segments: [Segment]
  ) {
    self.name = name
    self.shape = shape
    self.scalarType = scalarType
    self.isBigEndian = isBigEndian
    self.isImage = isImage
    self.storedShape = shape
    self.segments = segments
  }

  /// One stimulus a row of an array's first axis.
  init(name: String?, _ array: NumericArray) {
    let shape = Array(array.shape.dropFirst())
    let stride = shape.reduce(1, *) * array.scalarType.byteCount
    self.init(
      name: name, shape: shape, scalarType: array.scalarType, isBigEndian: array.isBigEndian, isImage: false,
      segments: [Segment(bytes: array.bytes, offset: array.offset, stride: stride, count: array.shape[0])])
  }

  /// Elements of one stimulus.
  package var elementCount: Int { shape.reduce(1, *) }

  /// Where it comes from, for messages.
  private var place: String { name.map { "array \"\($0)\" of \(source)" } ?? source }

  mutating func setPreprocessing(_ preprocessing: Preprocessing) throws(StimuliError) {
    var preprocessing = preprocessing
    if isImage { preprocessing.channelAxis = .first }
    try preprocessing.check(shape: storedShape, of: place)
    self.preprocessing = preprocessing
  }

  /// Fits the stimulus to a model input, where that needs no guess.
  ///
  /// Images may be handed over as H, W, C, without an axis of length 1, or as one row; other arrays only as they are.
  ///
  /// - Parameter wanted: the model input's shape without its batch axis; nil where it is free.
  /// - Throws: `badInput` with both shapes.
  mutating func fit(to wanted: [Int?], of inputName: String) throws(StimuliError) {
    func matches(_ shape: [Int]) -> Bool {
      shape.count == wanted.count && zip(shape, wanted).allSatisfy { $1 == nil || $0 == $1 }
    }
    var candidates = [(storedShape, Arrangement.asStored)]
    if isImage {
      let (channels, height, width) = (storedShape[0], storedShape[1], storedShape[2])
      candidates.append(([height, width, channels], .channelsLast))
      if channels == 1 { candidates.append(([height, width], .asStored)) }
      candidates.append(([channels * height * width], .asStored))
    }
    guard let (shape, arrangement) = candidates.first(where: { matches($0.0) }) else {
      let wantedText = "[" + wanted.map { $0.map(String.init) ?? "?" }.joined(separator: ", ") + "]"
      throw StimuliError(
        .badInput,
        "one stimulus of \(place) has shape \(storedShape), and model input \"\(inputName)\" takes \(wantedText): reshape the stimuli, their first axis being the stimulus")
    }
    self.shape = shape
    self.arrangement = arrangement
  }

  /// Writes one stimulus as elements of a type, in C order.
  ///
  /// - Parameters:
  ///   - record: the stimulus by its place in the files.
  ///   - destination: exactly `elementCount` elements.
  /// - Throws: `badInput` if an integer type cannot hold a value.
  func read(
    record: Int, as wanted: ScalarType, into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    precondition(destination.count == elementCount * wanted.byteCount, "a buffer of exactly one stimulus")
    guard arrangement == .channelsLast, storedShape[0] > 1 else {
      return try unsafe readAsStored(record: record, as: wanted, into: destination)
    }

    let planar = UnsafeMutableRawBufferPointer.allocate(byteCount: destination.count, alignment: 64)
    defer { unsafe planar.deallocate() }
    try unsafe readAsStored(record: record, as: wanted, into: planar)
    let channels = storedShape[0]
    let plane = elementCount / channels
    let size = wanted.byteCount
    for pixel in 0..<plane {
      for channel in 0..<channels {
        let from = (channel * plane + pixel) * size
        let to = (pixel * channels + channel) * size
        for byte in 0..<size { unsafe destination[to + byte] = planar[from + byte] }
      }
    }
  }

  private func readAsStored(
    record: Int, as wanted: ScalarType, into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    let (segment, start) = locate(record)
    let byteCount = elementCount * scalarType.byteCount
    try unsafe segment.bytes.withBytes(start..<start + byteCount) { source throws(StimuliError) in
      switch wanted {
      case .float32:
        unsafe ScalarConversion.floats(source, scalarType, swapped: isBigEndian, into: destination)
        unsafe preprocess(destination.assumingMemoryBound(to: Float.self))
      case .float64:
        unsafe ScalarConversion.doubles(source, scalarType, swapped: isBigEndian, into: destination)
        unsafe preprocess(destination.assumingMemoryBound(to: Double.self))
      case .float16:
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: elementCount)
        defer { unsafe values.deallocate() }
        unsafe ScalarConversion.floats(
          source, scalarType, swapped: isBigEndian, into: UnsafeMutableRawBufferPointer(values))
        unsafe preprocess(values)
        let halves = unsafe destination.assumingMemoryBound(to: Float16.self)
        for index in values.indices { unsafe halves[index] = Float16(values[index]) }
      default:
        if wanted == scalarType, !isBigEndian {
          unsafe destination.copyMemory(from: source)
        } else {
          try unsafe readExactly(source, record: record, as: wanted, into: destination)
        }
      }
    }
  }

  private func readExactly(
    _ source: UnsafeRawBufferPointer, record: Int, as wanted: ScalarType,
    into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    do {
      try unsafe ScalarConversion.integers(source, scalarType, swapped: isBigEndian, as: wanted, into: destination)
    } catch {
      throw StimuliError(
        .badInput,
        "stimulus \(record) of \(place) holds \(error.value) (\(scalarType)) at element \(error.index), which the model's \(wanted) input cannot take unchanged: convert the stimuli to \(wanted)")
    }
  }

  private func preprocess<Value: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: UnsafeMutableBufferPointer<Value>
  ) {
    unsafe preprocessing.apply(to: values, shape: storedShape, defaultScale: isImage && scalarType == .uint8 ? 255 : 1)
  }

  private func locate(_ record: Int) -> (segment: Segment, start: Int) {
    var remaining = record
    for segment in segments {
      if remaining < segment.count { return (segment, segment.offset + remaining * segment.stride) }
      remaining -= segment.count
    }
    preconditionFailure("stimulus \(record) beyond the end")
  }
}
