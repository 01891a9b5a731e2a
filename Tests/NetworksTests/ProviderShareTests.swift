import OnnxRuntime
import Testing

@testable import Networks

@Suite("What a provider leaves to the processor") struct ProviderShareTests {
  private func assignment(_ node: String, _ type: String, isLeft: Bool) -> OperatorAssignment {
    OperatorAssignment(
      node: node, operatorType: type, provider: isLeft ? "CPUExecutionProvider" : "SomeExecutionProvider")
  }

  @Test("is counted by operators and by their cost") func counts() {
    let share = ProviderShare(
      [
        assignment("n0", "Conv", isLeft: false), assignment("n1", "Erf", isLeft: true), assignment("n2", "TopK", isLeft: true),
        assignment("n3", "Erf", isLeft: true), assignment("fused", "Gemm", isLeft: false),
      ], costs: [70, 10, 15, 5])
    #expect(share.operators == 5)
    #expect(share.lacking.map(\.type) == ["Erf", "TopK"])
    #expect(share.lacking.map(\.count) == [2, 1])
    #expect(share.costShare == 0.3)
    #expect(share.note("Some").contains("lacks 3 of the network's 5 operators (2 Erf, TopK)"))
    #expect(share.note("Some").contains("30.0 %"))
  }

  @Test("is said to be nothing where it is nothing") func nothing() {
    let share = ProviderShare([assignment("n0", "Conv", isLeft: false)], costs: [1])
    #expect(share.costShare == 0)
    #expect(share.note("Some") == "Some runs all 1 operators of the network.")
  }
}
