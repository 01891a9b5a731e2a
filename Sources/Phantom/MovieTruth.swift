/// What was planted in a movie: its `truth.json`.
package struct MovieTruth: Sendable, Codable {
  package let phantom: String
  package let order: String
  package let seed: UInt64
  /// Nominal frames a second.
  package let samplingRate: Double
  package let frames: Int
  /// Frames that are normal throughout, from the first on.
  package let reference: Int
  /// In order; none where the frames are shuffled or noise.
  package let segments: [MovieSegment]

  init(_ movie: MoviePhantom) {
    phantom = "movie"
    order = movie.order.rawValue
    seed = movie.seed
    samplingRate = MoviePhantom.samplingRate
    frames = movie.count
    reference = movie.referenceCount
    segments = movie.order == .planted ? movie.segments : []
  }

  /// The segment that a window lies wholly in; `nil` if it lies in several.
  package func segment(of window: Range<Int>) -> MovieSegment? {
    segments.first { $0.start <= window.lowerBound && window.upperBound <= $0.end }
  }
}
