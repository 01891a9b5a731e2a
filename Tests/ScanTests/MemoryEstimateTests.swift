import Lesion
import ModelGraph
import Networks
import OnnxRuntime
import TestSupport
import Testing
import UserErrors

@testable import Scan

@Suite("A memory budget") struct MemoryEstimateTests {
  private func estimate() throws -> MemoryEstimate {
    let network = SmallNetwork.residual
    return MemoryEstimate(
      try NetworkSurvey(
        model: network.model, stimuli: try network.stimuli(2), runtime: try TestRuntime.make(),
        session: Session.Options(), reading: ReadoutRequest()))
  }

  @Test("gets the largest batch that fits, by halves", arguments: [false, true])
  func batch(sharesWeights: Bool) throws {
    let estimate = try estimate()
    func bytes(_ batch: Int) -> Int { estimate.bytes(batch: batch, sharesWeights: sharesWeights) }
    func batch(within budget: Int, most: Int) throws -> Int {
      try estimate.batch(within: budget, most: most, sharesWeights: sharesWeights)
    }
    #expect(bytes(1) < bytes(2))
    #expect(try batch(within: bytes(16), most: 16) == 16)
    #expect(try batch(within: bytes(16) - 1, most: 16) == 8)
    #expect(try batch(within: bytes(5), most: 16) == 4)
    #expect(try batch(within: bytes(1), most: 7) == 1)
    #expect {
      try batch(within: bytes(1) - 1, most: 16)
    } throws: {
      ($0 as? Failure)?.exitStatus == .usage
    }
  }

  @Test("has room for the weights, and for what the kernels make of them, unless ranks share them")
  func sharedWeights() throws {
    let estimate = try estimate()
    for batch in [1, 16] {
      #expect(
        estimate.bytes(batch: batch, sharesWeights: false) - estimate.bytes(batch: batch, sharesWeights: true)
          == 2 * SmallNetwork.residual.model.weightBytes)
    }
  }
}
