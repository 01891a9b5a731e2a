import Arrays
import Files

extension StimulusInput {
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
    if preprocessing.isByChannel, wanted.isFloatingPoint {
      try preprocessing.check(shape: array == nil ? storedShape : shape, channelAxis: channelAxis, of: place)
    }
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
    switch storage {
    case .pictures(let pictures):
      let pixels = FileBytes(try pictures.pixels(record, channels: storedShape[0]))
      try unsafe pixels.withBytes(0..<pixels.count) { source throws(StimuliError) in
        try unsafe convert(source, record: record, as: wanted, into: destination)
      }
    case .segments(let segments):
      guard let (segment, start) = Self.locate(isShared ? 0 : record, in: segments) else {
        throw StimuliError(.badInput, "\(place) has no stimulus \(record): give every array as many as the others")
      }
      let byteCount = elementCount * scalarType.byteCount
      try unsafe segment.bytes.withBytes(start..<start + byteCount) { source throws(StimuliError) in
        try unsafe convert(source, record: record, as: wanted, into: destination)
      }
    }
  }

  private func convert(
    _ source: UnsafeRawBufferPointer, record: Int, as wanted: ScalarType, into destination: UnsafeMutableRawBufferPointer
  ) throws(StimuliError) {
    switch wanted {
    case .float32:
      unsafe ScalarConversion.floats(source, scalarType, swapped: isBigEndian, into: destination)
      let values = unsafe destination.assumingMemoryBound(to: Float.self)
      try unsafe checkOverflow(values, of: source, record, wanted)
      unsafe preprocess(values)
    case .float64:
      unsafe ScalarConversion.doubles(source, scalarType, swapped: isBigEndian, into: destination)
      unsafe preprocess(destination.assumingMemoryBound(to: Double.self))
    case .float16:
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: elementCount)
      defer { unsafe values.deallocate() }
      unsafe ScalarConversion.floats(
        source, scalarType, swapped: isBigEndian, into: UnsafeMutableRawBufferPointer(values))
      try unsafe checkOverflow(values, of: source, record, wanted)
      unsafe preprocess(values)
      let halves = unsafe destination.assumingMemoryBound(to: Float16.self)
      for index in values.indices {
        unsafe halves[index] = Float16(values[index])
        if unsafe halves[index].isInfinite, unsafe values[index].isFinite {
          throw overflow(record, unsafe "\(values[index])", index, wanted)
        }
      }
    default:
      if wanted == scalarType, !isBigEndian {
        unsafe destination.copyMemory(from: source)
      } else {
        try unsafe readExactly(source, record: record, as: wanted, into: destination)
      }
    }
  }

  private func checkOverflow(
    _ values: UnsafeMutableBufferPointer<Float>, of source: UnsafeRawBufferPointer, _ record: Int, _ wanted: ScalarType
  ) throws(StimuliError) {
    guard scalarType == .float64 else { return }
    for index in values.indices where unsafe values[index].isInfinite {
      let stored = unsafe ScalarConversion.double(source, scalarType, swapped: isBigEndian, at: index)
      if stored.isFinite { throw overflow(record, "\(stored)", index, wanted) }
    }
  }

  private func overflow(_ record: Int, _ value: String, _ index: Int, _ wanted: ScalarType) -> StimuliError {
    StimuliError(
      .badInput,
      "stimulus \(record) of \(place) holds \(value) (\(scalarType)) at element \(index), which is infinite as the model's \(wanted): rescale the stimuli"
    )
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
        "stimulus \(record) of \(place) holds \(error.value) (\(scalarType)) at element \(error.index), which the model's \(wanted) input cannot take unchanged: convert the stimuli to \(wanted)"
      )
    }
  }

  private func preprocess<Value: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: UnsafeMutableBufferPointer<Value>
  ) {
    unsafe preprocessing.apply(
      to: values, shape: array == nil ? storedShape : shape, channelAxis: channelAxis, defaultScale: isOfPixels ? 255 : 1)
  }

  private static func locate(_ record: Int, in segments: [Segment]) -> (segment: Segment, start: Int)? {
    var remaining = record
    for segment in segments {
      if remaining < segment.count { return (segment, segment.offset + remaining * segment.stride) }
      remaining -= segment.count
    }
    return nil
  }
}
