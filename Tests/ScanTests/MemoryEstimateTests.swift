import Lesion
import ModelGraph
import OnnxRuntime
import TestSupport
import Testing

@testable import Scan

@Suite("A memory budget") struct MemoryEstimateTests {
  private func estimate(sharesWeights: Bool = false) throws -> MemoryEstimate {
    let network = SmallNetwork.residual
    return MemoryEstimate(
      try NetworkSurvey(
        model: network.model, stimuli: try network.stimuli(2), runtime: try TestRuntime.make(),
        session: Session.Options(), readsRaw: false), sharesWeights: sharesWeights)
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

  @Test("has room for the weights, and for what the kernels make of them, unless ranks share them")
  func sharedWeights() throws {
    let (own, shared) = (try estimate(), try estimate(sharesWeights: true))
    for batch in [1, 16] {
      #expect(own.bytes(batch: batch) - shared.bytes(batch: batch) == 2 * SmallNetwork.residual.model.weightBytes)
    }
  }

  @Test("has ranks share large weights however many they are")
  func sharing() {
    let large = 64 << 20
    for neighbours in [1, 2, 8] {
      #expect(WeightSharing.auto.applies(weightBytes: large, neighbours: neighbours, isBudgeted: true))
      #expect(!WeightSharing.auto.applies(weightBytes: large - 1, neighbours: neighbours, isBudgeted: true))
      #expect(WeightSharing.auto.applies(weightBytes: large, neighbours: neighbours, isBudgeted: false) == (neighbours > 1))
    }
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
