import Foundation
import Phantom
import Stimuli
import Testing

@Suite("A movie")
struct MovieTests {
  private static let movie = MoviePhantom(segmentCount: 40, seed: 7)

  @Test("is normal in its first half and shows everything in its second")
  func segments() {
    let movie = Self.movie
    let reference = movie.segments.filter { $0.end <= movie.referenceCount }
    let rest = movie.segments.filter { $0.start >= movie.referenceCount }
    #expect(reference.count + rest.count == 40 && movie.count == 40 * 256)
    #expect(reference.allSatisfy { !$0.isCorrupted })
    #expect(reference.count { $0.kind == .slow } > reference.count / 2)
    #expect(Set(rest.map(\.kind)) == Set(MovieSegment.Kind.allCases))
    #expect(Set(movie.segments.compactMap(\.band)) == ["delta", "theta", "alpha", "beta", "gamma"])
    for segment in movie.segments {
      #expect((segment.frequency != nil) == (segment.kind == .slow || segment.kind == .fast))
    }
  }

  @Test("is a function of its seed")
  func seeds() {
    let again = MoviePhantom(segmentCount: 40, seed: 7)
    #expect(again.segments == Self.movie.segments && again.pixels(5000) == Self.movie.pixels(5000))
    #expect(MoviePhantom(segmentCount: 40, seed: 8).segments != Self.movie.segments)
  }

  /// The difference of two frames with a glyph lies under the glyph, apart from the grain of ±24.
  @Test("flickers where the glyph lies, at the planted frequency")
  func flicker() throws {
    let movie = Self.movie
    let segment = try #require(movie.segments.first { $0.band == "theta" })
    let frequency = try #require(segment.frequency)
    let quarter = Int((256 / frequency / 4).rounded())
    let (bright, dark) = (movie.pixels(segment.start + quarter), movie.pixels(segment.start + 3 * quarter))
    let changed = bright.indices.filter { abs(Int(bright[$0]) - Int(dark[$0])) > 24 }
    let fixed = GlyphPhantom(count: 1, seed: 7, placement: .fixed).images[0]
    #expect(!changed.isEmpty)
    #expect(changed.allSatisfy { fixed.isPainted(row: $0 % 1024 / 32, column: $0 % 32) })
  }

  @Test("shuffled has the same frames in another order, and its truth has no segments")
  func shuffled() throws {
    let shuffled = MoviePhantom(segmentCount: 20, seed: 7, order: .shuffled)
    let planted = MoviePhantom(segmentCount: 20, seed: 7)
    let shown = Set((0..<60).map(shuffled.pixels))
    #expect(shown.count == 60 && (0..<60).contains { planted.pixels($0) != shuffled.pixels($0) })
    let noise = MoviePhantom(segmentCount: 20, seed: 7, order: .noise).pixels(3)
    let mean = Double(noise.reduce(0) { $0 + Int($1) }) / Double(noise.count)
    #expect(abs(mean - 127.5) < 6)
  }

  @Test("is judged by the share of windows that were called what was planted")
  func verdict() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "nnfmri-movie-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let movie = MoviePhantom(segmentCount: 20, seed: 3)
    try movie.write(to: folder)
    let stimuli = try StimulusSet(contentsOf: folder + "/stimuli.bin")
    let labels = try #require(stimuli.labels)
    #expect(stimuli.count == 20 * 256 && Set(labels) == [movie.glyph.number])
    let truth = try JSONDecoder().decode(
      MovieTruth.self, from: Data(contentsOf: URL(filePath: folder + "/truth.json")))
    #expect(truth.segments == movie.segments && truth.reference == movie.referenceCount)

    func window(_ segment: MovieSegment, state: String, score: Double, offset: Double = 0) throws -> MovieVerdict.Window {
      let json: [String: Any] = [
        "start": segment.start, "end": segment.end, "temporal_state": state, "spatial_state": segment.state,
        "temporal_anomaly_score": score, "spatial_anomaly_score": 1 - score,
        "dominant_frequency": (segment.frequency ?? 0) + offset, "dominant_band": segment.band ?? "delta",
      ]
      return try JSONDecoder().decode(MovieVerdict.Window.self, from: JSONSerialization.data(withJSONObject: json))
    }
    let right = try movie.segments.map { try window($0, state: $0.state, score: $0.isCorrupted ? 1 : 0) }
    let perfect = MovieVerdict(right, truth: truth, resolution: 2)
    #expect(perfect.frequencies.value == 1 && perfect.bands.value == 1 && perfect.temporalStates.value == 1)
    #expect(perfect.temporalDetection == 1 && perfect.spatialDetection == 0 && perfect.temporalStates.count == 10)
    let wrong = try movie.segments.map { try window($0, state: "idle", score: 0.5, offset: 3) }
    let poor = MovieVerdict(wrong, truth: truth, resolution: 2)
    #expect(poor.frequencies.value == 0 && poor.temporalStates.value < 0.5 && poor.spatialStates.value == 1)
    #expect(poor.temporalDetection == 0.5)
    // A window across two segments has no truth.
    #expect(truth.segment(of: 200..<300) == nil && truth.segment(of: 256..<512) == movie.segments[1])
  }
}
