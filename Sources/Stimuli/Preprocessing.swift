import Files

/// What is done to stored numbers before a floating-point model input sees them: x' = (x/scale − mean_c)/std_c.
///
/// Mean and standard deviation are in units after scaling, per channel c, as torchvision's `Normalize` takes them; the
/// arithmetic is that of the model input's type (Float for 16-bit inputs), in the order of the formula. Integer and bool model inputs
/// take the stored numbers as they are.
package struct Preprocessing: Hashable, Sendable {
  /// nil: 255 for bytes (uint8) with at least two axes a stimulus, which are taken for images whatever file they come
  /// from; 1 for everything else.
  package var scale: Double?
  /// None, one for all channels, or one a channel.
  package var mean: [Double]
  /// None, one for all channels, or one a channel.
  package var standardDeviation: [Double]
  /// What axes count, where the user says so; image formats know theirs.
  package var layouts: [InputLayout]

  package init(
    scale: Double? = nil, mean: [Double] = [], standardDeviation: [Double] = [], layouts: [InputLayout] = []
  ) {
    self.scale = scale
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.layouts = layouts
  }

  /// - Throws: `badInput` if a number is not finite or a divisor is 0.
  func check() throws(StimuliError) {
    let divisors = [scale ?? 1] + standardDeviation
    guard divisors.allSatisfy({ $0.isFinite && $0 > 0 }), mean.allSatisfy(\.isFinite) else {
      throw StimuliError(
        .badInput,
        "scale \(scale.map { "\($0)" } ?? "default"), mean \(mean), std \(standardDeviation): means must be finite, scale and std above 0"
      )
    }
  }

  /// The options that say what is done to numbers, as a user gives them; none where nothing was asked for.
  var flags: [String] {
    (scale == nil ? [] : ["--scale"]) + (mean.isEmpty ? [] : ["--mean"]) + (standardDeviation.isEmpty ? [] : ["--std"])
  }

  /// Whether it matters which axis counts channels.
  var isByChannel: Bool { mean.count > 1 || standardDeviation.count > 1 }

  /// - Parameter place: what it is that has the shape.
  /// - Throws: `badInput` if there is neither one number nor one for each entry of the axis.
  func check(shape: [Int], channelAxis: Int, of place: String) throws(StimuliError) {
    let channels = shape.indices.contains(channelAxis) ? shape[channelAxis] : 1
    for (flag, values) in [("mean", mean), ("std", standardDeviation)] where values.count > 1 && values.count != channels {
      let which = shape.count > 1 ? " along axis \(channelAxis)" : ""
      throw StimuliError(
        .badInput,
        "\(flag) has \(values.count) values \(values), and one stimulus of \(place) has shape \(shape) with \(channels) channel\(channels == 1 ? "" : "s")\(which): give 1 or \(channels)"
      )
    }
  }

  /// The axis along which numbers for each channel lie, where nothing but their count tells: the first or the last.
  ///
  /// - Throws: `badInput` if both will do. What fits neither is told of the first.
  func channelAxis(byCountIn shape: [Int], of input: String) throws(StimuliError) -> Int {
    let counts = [mean.count, standardDeviation.count].filter { $0 > 1 }
    let fitting = Set([0, shape.count - 1]).filter { axis in
      shape.indices.contains(axis) && counts.allSatisfy { $0 == shape[axis] }
    }
    guard isByChannel, fitting.count > 1 else { return fitting.first ?? 0 }
    let (first, last) =
      switch shape.count {
      case 2: ("nct", "ntc")
      case 3: ("nchw", "nhwc")
      default: ("ncdhw", "ndhwc")
      }
    throw StimuliError(
      .badInput,
      "mean and std have \(counts[0]) values, and nothing in the network tells whether the first or the last axis of one stimulus, of shape \(shape), counts channels: say so with --layout \"\(input)=\(first)\" or \"\(input)=\(last)\""
    )
  }

  /// The axis that the user calls channels; `nil` where no layout speaks of the input.
  ///
  /// - Throws: `badInput` if one does, and has another number of axes.
  func channelAxis(toldFor input: String?, rank: Int) throws(StimuliError) -> Int? {
    if let input, let own = layouts.last(where: { $0.input == input }) {
      guard let axis = own.channelAxis(rank: rank) else {
        throw StimuliError(
          .badInput,
          "--layout \(input)=\(own.letters) names \(own.letters.count) axes, and the model's input has \(rank) beside the one that counts stimuli"
        )
      }
      return axis
    }
    return layouts.last { $0.input == nil && $0.channelAxis(rank: rank) != nil }?.channelAxis(rank: rank)
  }

  /// Scales and standardises one stimulus in place.
  func apply<Value: BinaryFloatingPoint & BitwiseCopyable>(
    to values: UnsafeMutableBufferPointer<Value>, shape: [Int], channelAxis: Int, defaultScale: Double
  ) {
    let divisor = Value(scale ?? defaultScale)
    if divisor != 1 {
      for index in values.indices { unsafe values[index] /= divisor }
    }
    guard !mean.isEmpty || !standardDeviation.isEmpty else { return }

    // Elements lie in blocks of one for each channel, those of a channel next to each other.
    let axis = isByChannel ? channelAxis : 0
    let channels = isByChannel ? shape[axis] : 1
    let inner = isByChannel ? shape[(axis + 1)...].reduce(1, *) : values.count
    func perChannel(_ given: [Double], absent: Double) -> [Value] {
      given.count > 1 ? given.map { Value($0) } : Array(repeating: Value(given.first ?? absent), count: channels)
    }
    let means = perChannel(mean, absent: 0)
    let deviations = perChannel(standardDeviation, absent: 1)
    for start in stride(from: 0, to: values.count, by: max(1, channels * inner)) {
      for channel in 0..<channels {
        let (mean, deviation) = (means[channel], deviations[channel])
        for index in start + channel * inner..<start + (channel + 1) * inner {
          unsafe values[index] = (values[index] - mean) / deviation
        }
      }
    }
  }
}

/// What the axes of a model's input count, as a user says it.
package struct InputLayout: Hashable, Sendable {
  /// `nil` is all that have as many axes.
  package let input: String?
  /// One letter an axis, as in `nhwc`.
  package let letters: String

  package init(input: String?, letters: String) {
    self.input = input
    self.letters = letters.lowercased()
  }

  /// Which axis of one stimulus counts channels; `nil` if it speaks of another number of axes. `nchw` and `nhwc` speak of stimuli with a
  /// depth too.
  func channelAxis(rank: Int) -> Int? {
    let axes = letters.filter { $0 != "n" }
    guard let place = axes.firstIndex(of: "c") else { return nil }
    let axis = axes.distance(from: axes.startIndex, to: place)
    if axes.count == rank { return axis }
    guard rank == 4, ["chw", "hwc"].contains(axes) else { return nil }
    return axis == 0 ? 0 : 3
  }
}
