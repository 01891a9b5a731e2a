/// What the monitor says of one stimulus.
package struct Verdict: Sendable {
  /// A part of a layer, and how many deviations its activity is from what is usual.
  package struct Place: Sendable {
    package let name: String
    package let z: Double
  }

  package struct Layer: Sendable {
    package let tensor: String
    /// The Mahalanobis distance's logarithm, in deviations from what is usual.
    package let strangeness: Double
    /// The largest |z| first.
    package let channels: [Place]
    package let regions: [Place]
  }

  /// By score.
  package let pValues: [Score: Double]
  package let scores: [Score: Double]
  /// Whether the output is that of classes.
  package let saysClasses: Bool
  /// The class that the network says, and its probability; `nil` where its output isn't classes, or isn't finite.
  package let answer: (predicted: Int, probability: Float)?
  /// Whether everything that was read is finite.
  package let isFinite: Bool
  /// Whether the combined p-value is at most the stated rate, or something isn't finite.
  package let isOutlier: Bool
  /// How far each layer is off. [layers]
  package let strangeness: [Double]
  /// The layer that is off the most.
  package let worst: Layer
  /// The window of NN-EEG that ends with this stimulus.
  package let window: StreamRhythm.Window?
}
