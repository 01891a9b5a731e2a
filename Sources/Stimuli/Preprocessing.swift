import Files

/// What is done to stored numbers before a floating-point model input sees them: x' = (x/scale − mean_c)/std_c.
///
/// Mean and standard deviation are in units after scaling, per channel c, as torchvision's `Normalize` takes them; the
/// arithmetic is that of the model input's type (Float for 16-bit inputs), in the order of the formula. Integer and bool model inputs
/// take the stored numbers as they are.
package struct Preprocessing: Hashable, Sendable {
  /// Which axis of a stimulus the channels are.
  package enum ChannelAxis: Hashable, Sendable {
    /// C, H, W.
    case first
    /// H, W, C.
    case last
  }

  /// nil: 255 for bytes (uint8) with at least two axes a stimulus, which are taken for images whatever file they come
  /// from; 1 for everything else.
  package var scale: Double?
  /// None, one for all channels, or one a channel.
  package var mean: [Double]
  /// None, one for all channels, or one a channel.
  package var standardDeviation: [Double]
  /// For `.npy` and `.npz` stimuli; image formats know theirs.
  package var channelAxis: ChannelAxis

  package init(
    scale: Double? = nil, mean: [Double] = [], standardDeviation: [Double] = [], channelAxis: ChannelAxis = .first
  ) {
    self.scale = scale
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.channelAxis = channelAxis
  }

  /// - Throws: `badInput` if a number is not finite, a divisor is 0, or the counts do not fit the stimulus.
  func check(shape: [Int], of name: String) throws(StimuliError) {
    let divisors = [scale ?? 1] + standardDeviation
    guard divisors.allSatisfy({ $0.isFinite && $0 > 0 }), mean.allSatisfy(\.isFinite) else {
      throw StimuliError(
        .badInput,
        "scale \(scale.map { "\($0)" } ?? "default"), mean \(mean), std \(standardDeviation): means must be finite, scale and std above 0"
      )
    }
    let channels = channelCount(of: shape)
    for (flag, values) in [("mean", mean), ("std", standardDeviation)] where values.count > 1 {
      guard values.count == channels else {
        throw StimuliError(
          .badInput,
          "\(flag) has \(values.count) values \(values), and one stimulus of \(name) has shape \(shape) with \(channels) channel\(channels == 1 ? "" : "s"): give 1 or \(channels)"
        )
      }
    }
  }

  func channelCount(of shape: [Int]) -> Int {
    (channelAxis == .first ? shape.first : shape.last) ?? 1
  }

  /// Scales and standardises one stimulus in place.
  func apply<Value: BinaryFloatingPoint & BitwiseCopyable>(
    to values: UnsafeMutableBufferPointer<Value>, shape: [Int], defaultScale: Double
  ) {
    let divisor = Value(scale ?? defaultScale)
    if divisor != 1 {
      for index in values.indices { unsafe values[index] /= divisor }
    }
    guard !mean.isEmpty || !standardDeviation.isEmpty else { return }

    let channels = channelCount(of: shape)
    func perChannel(_ given: [Double], absent: Double) -> [Value] {
      given.count > 1 ? given.map { Value($0) } : Array(repeating: Value(given.first ?? absent), count: channels)
    }
    let means = perChannel(mean, absent: 0)
    let deviations = perChannel(standardDeviation, absent: 1)
    switch channelAxis {
    case .first:
      let plane = values.count / channels
      for channel in 0..<channels {
        let (mean, deviation) = (means[channel], deviations[channel])
        for index in channel * plane..<(channel + 1) * plane {
          unsafe values[index] = (values[index] - mean) / deviation
        }
      }
    case .last:
      for pixel in 0..<values.count / channels {
        for channel in 0..<channels {
          let index = pixel * channels + channel
          unsafe values[index] = (values[index] - means[channel]) / deviations[channel]
        }
      }
    }
  }
}
