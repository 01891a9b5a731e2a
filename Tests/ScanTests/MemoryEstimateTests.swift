import Lesion
import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

@testable import Scan

@Suite("A memory budget") struct MemoryEstimateTests {
  private func estimate() throws -> MemoryEstimate {
    let network = SmallNetwork.residual
    return MemoryEstimate(
      try NetworkSurvey(
        model: network.model, stimuli: try network.stimuli(2), runtime: try TestRuntime.make(),
        session: Session.Options(), readsRaw: false))
  }

  @Test("gets the largest batch that fits, by halves")
  func batch() throws {
    let estimate = try estimate()
    #expect(estimate.bytes(batch: 1) < estimate.bytes(batch: 2))
    #expect(try estimate.batch(within: estimate.bytes(batch: 16), most: 16) == 16)
    #expect(try estimate.batch(within: estimate.bytes(batch: 16) - 1, most: 16) == 8)
    #expect(try estimate.batch(within: estimate.bytes(batch: 5), most: 16) == 4)
    #expect(try estimate.batch(within: estimate.bytes(batch: 1), most: 7) == 1)
  }

  @Test("that holds no batch is refused")
  func tooLittle() throws {
    let estimate = try estimate()
    #expect {
      try estimate.batch(within: estimate.bytes(batch: 1) - 1, most: 16)
    } throws: {
      ($0 as? ScanError)?.code == .usage
    }
  }
}
