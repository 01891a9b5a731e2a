internal import Glibc
internal import Random

/// A stream of images for the glyph phantom's network, in which rhythms, rest and corruption are planted.
///
/// One glyph in one place lies on a ground whose texture stays, apart from the grain of its pixels. The
/// movie is made of segments: in the first half, the reference, only what is normal, slow flicker in most; in the second also
/// corrupted ones. Their order is drawn, so that no rhythm of segments helps or hinders a test by shifts.
package struct MoviePhantom: Sendable {
  /// What is done to the planted movie.
  package enum Order: String, Sendable, CaseIterable {
    /// Nothing.
    case planted
    /// Its frames are put in random order: the same images without time.
    case shuffled
    /// All pixels are noise: neither images nor time.
    case noise
  }

  /// Nominal frames a second.
  package static let samplingRate = 256.0
  /// Frames of a segment.
  package static let segmentLength = 256
  /// Frequencies lie at least a bin of 2 Hz inside their band, in Hz.
  private static let frequencies: [(band: String, range: ClosedRange<Double>, isFast: Bool)] = [
    ("delta", 2...2.5, false), ("theta", 5.5...6.5, false), ("alpha", 10...11, false), ("beta", 15...28, true),
    ("gamma", 32...90, true),
  ]

  package let seed: UInt64
  package let order: Order
  /// Where each thing happens in the planted order; frames of `shuffled` and `noise` lie in none.
  package let segments: [MovieSegment]
  /// The number of frames.
  package let count: Int
  /// Frames that are normal throughout, from the first on.
  package let referenceCount: Int
  private let generator: GlyphGenerator
  /// By channel.
  private let backdrop: [[Int]]
  /// Which planted frame is shown.
  private let frames: [Int]

  /// - Parameter segmentCount: at least 20.
  package init(segmentCount: Int, seed: UInt64, order: Order = .planted) {
    precondition(segmentCount >= 20, "too few segments for every kind")
    self.seed = seed
    self.order = order
    generator = GlyphGenerator(seed: seed, placement: .fixed)
    var texture = generator.stream(.backdrop, 0)
    backdrop = (0..<GlyphImage.channels).map { _ in GlyphGenerator.texture(&texture) }
    let referenceSegments = segmentCount / 2
    segments = Self.segments(segmentCount, reference: referenceSegments, seed: seed)
    count = segmentCount * Self.segmentLength
    referenceCount = referenceSegments * Self.segmentLength
    var frames = Array(0..<count)
    if order == .shuffled {
      var random = CounterRandom(seed: seed, domain: .frameOrder, index: 0)
      random.shuffle(&frames)
    }
    self.frames = frames
  }

  /// What every frame shows.
  package var glyph: Glyph { generator.image(0).glyph }

  /// [3 x 32 x 32] intensities of a frame.
  package func pixels(_ frame: Int) -> [UInt8] {
    let planted = frames[frame]
    var random = CounterRandom(seed: seed, domain: .corruption, index: UInt64(planted))
    if order == .noise { return Self.noise(&random) }
    let segment = segments[planted / Self.segmentLength]
    let image = generator.image(planted, contrast: contrast(planted, segment)) { channel, random in
      let texture = zip(backdrop[channel], GlyphGenerator.grain(&random)).map { $0 + $1 }
      return segment.kind == .idle ? texture.map { $0 / 4 } : texture
    }
    switch segment.kind {
    case .snow:
      let noise = Self.noise(&random)
      return zip(image.pixels, noise).map { random.next(below: 3) == 0 ? $1 : $0 }
    case .saturated:
      return image.pixels.map { $0 < 128 ? 0 : 255 }
    default:
      return image.pixels
    }
  }

  /// 0 to 256; rounded to whole levels, so that the last bits of a sine don't matter.
  private func contrast(_ frame: Int, _ segment: MovieSegment) -> Int {
    guard segment.kind != .idle else { return 0 }
    let mean = segment.kind == .fast ? 0.8 : 0.3
    guard let frequency = segment.frequency else { return Int(mean * 256) }
    let phase = 2 * Double.pi * frequency * Double(frame - segment.start) / Self.samplingRate
    return Int((256 * (mean + 0.2 * sin(phase))).rounded())
  }

  private static func noise(_ random: inout CounterRandom) -> [UInt8] {
    (0..<GlyphImage.byteCount / 4).flatMap { _ in
      let word = random.nextWord()
      return (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
  }

  private static func segments(_ count: Int, reference: Int, seed: UInt64) -> [MovieSegment] {
    var random = CounterRandom(seed: seed, domain: .segments, index: 0)
    func kinds(_ count: Int, idle: Int, fast: Int, corrupted: Int) -> [MovieSegment.Kind] {
      var kinds = [MovieSegment.Kind](repeating: .idle, count: idle) + [MovieSegment.Kind](repeating: .fast, count: fast)
      kinds += (0..<corrupted).map { $0.isMultiple(of: 2) ? .snow : .saturated }
      kinds += [MovieSegment.Kind](repeating: .slow, count: count - kinds.count)
      random.shuffle(&kinds)
      return kinds
    }
    let test = count - reference
    let all =
      kinds(reference, idle: reference * 3 / 20, fast: reference * 3 / 20, corrupted: 0)
      + kinds(test, idle: test * 3 / 20, fast: test * 4 / 20, corrupted: max(2, test * 3 / 20))
    // Bands take turns, so that each is shown whatever is drawn.
    var shown: [Bool: Int] = [:]
    return all.enumerated().map { number, kind in
      var (frequency, band): (Double?, String?) = (nil, nil)
      if kind == .slow || kind == .fast {
        let choices = frequencies.filter { $0.isFast == (kind == .fast) }
        let choice = choices[shown[kind == .fast, default: 0] % choices.count]
        shown[kind == .fast, default: 0] += 1
        frequency =
          choice.range.lowerBound + random.nextUnit() * (choice.range.upperBound - choice.range.lowerBound)
        band = choice.band
      }
      return MovieSegment(
        start: number * segmentLength, end: (number + 1) * segmentLength, kind: kind, frequency: frequency, band: band)
    }
  }
}
