import ScanPlan
import Testing

@Suite struct `Layers that are not scanned` {
  @Test func `are told of in a sentence for each reason`() {
    let refusals = [("a", "it is one"), ("b", "it is none."), ("c", "it is one"), ("d", "it is one"), ("e", "it is one")]
    #expect(
      ScanPlan.Refusal.sentences(refusals.map { ScanPlan.Refusal(tensor: $0.0, reason: $0.1) }) == [
        #"Not scanned: "a", "c", "d" and 1 more, each since it is one."#, #"Not scanned: "b", since it is none."#,
      ])
    #expect(ScanPlan.Refusal.sentences([]).isEmpty)
  }
}
