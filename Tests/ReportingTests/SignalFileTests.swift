import Testing

@testable import Reporting

@Suite struct `A record of an EDF+ file` {
  @Test(arguments: [29.97, 23.976, 59.94, 30_000.0 / 1001, 0.1, 12.5, 250, 44.1, 1.0 / 3, 22_050, 44_100, 500_000])
  func `holds the rate that was asked for, whole or not`(_ rate: Double) throws {
    let record = try #require(SignalFile.Record(rate: rate))
    #expect(abs(Double(record.samples) / (Double(record.ticks) / 100_000) / rate - 1) < 1e-6)
    #expect(record.ticks >= 100 && record.ticks <= 60 * 100_000)
  }

  @Test(arguments: [0, -1, .nan, 1e-4, 1e9])
  func `isn't there for a rate that gives none`(_ rate: Double) {
    #expect(SignalFile.Record(rate: rate) == nil)
  }
}
