import Foundation
import Testing

@testable import Temporal

@Suite struct `A spectrum` {
  @Test(arguments: Oracle.shared.welch.indices)
  func `is SciPy's`(_ number: Int) throws {
    let expected = Oracle.shared.welch[number]
    let x = tone(expected.seed, count: expected.count, rate: expected.rate, hertz: expected.hertz)
    let y = tone(expected.seed + 1, count: expected.count, rate: expected.rate, hertz: expected.hertz)
    let welch = Welch(samplingRate: expected.rate, segmentLength: expected.length, overlap: expected.overlap)
    let spectrum = welch.spectrum(of: x)
    #expect(relativeDifference(spectrum.density, expected.density) < 1e-6)
    // At frequency 0 nothing is left of either signal but rounding.
    #expect(
      relativeDifference(Array(welch.coherence(x, y).dropFirst()), Array(expected.coherence.dropFirst())) < 1e-6)
    let bands = BandPowers(spectrum)
    #expect(abs(bands.total / expected.total - 1) < 1e-6)
    #expect(try abs(#require(bands.spectralEntropy) - expected.entropy) < 1e-6)
    #expect(bands.dominantFrequency == expected.dominant)
  }

  @Test func `integrates to the variance of white noise`() {
    let x = noise(7, 200_000)
    let spectrum = Welch(samplingRate: 256, segmentLength: 256).spectrum(of: x)
    let power = spectrum.density.reduce(0, +) * spectrum.resolution
    #expect(abs(power * 12 - 1) < 0.02)
  }

  @Test(arguments: zip([2.0, 6, 10, 20, 40], FrequencyBand.allCases))
  func `has a tone's power in the tone's band`(_ hertz: Double, _ band: FrequencyBand) throws {
    let x = (0..<2048).map { 5 + 2 * sin(2 * .pi * hertz * Double($0) / 256) }
    let bands = BandPowers(Welch(samplingRate: 256, segmentLength: 256).spectrum(of: x))
    #expect(bands.dominantBand == band)
    #expect(bands.dominantFrequency == hertz)
    // Hann's window spreads a line over its two neighbours, which all lie in the band.
    #expect(try abs(#require(bands.powers[band]) - 2) < 1e-9)
    #expect(try #require(bands.share(band)) > 0.999_999)
    #expect(try #require(bands.spectralEntropy) < 0.25)
  }

  @Test func `has shares that add up to 1, and an entropy near 1 for white noise`() throws {
    let bands = BandPowers(Welch(samplingRate: 256, segmentLength: 256).spectrum(of: noise(8, 50_000)))
    let shares = try FrequencyBand.allCases.map { try #require(bands.share($0)) }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-12)
    #expect(try (0.99...1).contains(#require(bands.spectralEntropy)))
  }

  @Test func `of silence has no shares, no dominant frequency and no entropy`() {
    let bands = BandPowers(Welch(samplingRate: 256, segmentLength: 64).spectrum(of: [Double](repeating: 3, count: 256)))
    #expect(bands.total == 0 && bands.powers[.gamma] == 0)
    #expect(bands.share(.gamma) == nil && bands.dominantFrequency == nil && bands.spectralEntropy == nil)
    #expect(bands.dominantBand == nil)
  }

  @Test func `says nothing of bands above Nyquist or between its frequencies`() throws {
    let slow = BandPowers(Welch(samplingRate: 100, segmentLength: 100).spectrum(of: noise(9, 1000)))
    #expect(slow.powers[.gamma] == nil && slow.powers[.beta] != nil)
    #expect(try #require(FrequencyBand.gamma.reasonForNone(nyquist: 50, resolution: 1)).contains("50"))
    let coarse = BandPowers(Welch(samplingRate: 256, segmentLength: 32).spectrum(of: noise(9, 1000)))
    #expect(coarse.powers[.delta] == nil && coarse.powers[.theta] == nil && coarse.powers[.alpha] != nil)
    #expect(try #require(FrequencyBand.delta.reasonForNone(nyquist: 128, resolution: 8)).contains("8"))
  }

  @Test func `needs three segments, and says so`() throws {
    let welch = Welch(samplingRate: 256, segmentLength: 128)
    #expect(welch.reasonForNone(samples: 256) == nil)
    #expect(try #require(welch.reasonForNone(samples: 255)).contains("2 segments of 128"))
    #expect(Welch.segmentLength(forSamples: 256, overlap: 0.5, atMost: 256) == 128)
    #expect(Welch.segmentLength(forSamples: 10_000, overlap: 0.5, atMost: 256) == 256)
    #expect(Welch.segmentLength(forSamples: 15, overlap: 0.5, atMost: 256) == nil)
    #expect(Welch.segmentLength(forSamples: 16, overlap: 0.5, atMost: 256) == 8)
  }

  @Test func `of a shared tone makes signals coherent there and nowhere else`() throws {
    let x = tone(1, count: 20_000, rate: 256, hertz: 40)
    let y = tone(2, count: 20_000, rate: 256, hertz: 40)
    let welch = Welch(samplingRate: 256, segmentLength: 128)
    let coherence = welch.coherence(x, y)
    #expect(coherence[20] > 0.95)
    let elsewhere = coherence.indices.filter { abs($0 - 20) > 2 && $0 > 1 }.map { coherence[$0] }
    #expect(elsewhere.reduce(0, +) / Double(elsewhere.count) < 3 / Double(welch.segments(in: 20_000)))
    #expect(welch.coherence(x, x).dropFirst().allSatisfy { abs($0 - 1) < 1e-9 })
  }
}
