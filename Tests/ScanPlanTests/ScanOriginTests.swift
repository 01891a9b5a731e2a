import ScanPlan
import Testing

@Suite("A scan's origin") struct ScanOriginTests {
  private func origin(_ options: [String: String]) -> ScanOrigin {
    ScanOrigin(options: options, modelDigest: "m", dataDigest: "d", program: "1", onnxRuntime: "2")
  }

  @Test(
    "differs by an option's value, by one that is new and by one that is gone",
    arguments: [
      (
        ["seed": "1", "provider": "openvino"], ["seed": "1", "provider": "cuda"], "--provider is openvino now and was cuda then"
      ),
      (["seed": "1", "provider": "openvino"], ["seed": "1"], "--provider is openvino now and was not there then"),
      (["seed": "1"], ["seed": "1", "resize": "32"], "--resize is not there now and was 32 then"),
    ])
  func optionsDiffer(_ now: [String: String], _ then: [String: String], _ sentence: String) {
    #expect(origin(now).difference(from: origin(then)) == sentence)
  }

  @Test("differs where donors were drawn by other rules, and only there are rules for donors") func rules() {
    var then = origin(["lesion": "resample"])
    then.designVersion = 2
    #expect(
      origin(["lesion": "resample"]).difference(from: then)
        == "coalitions are drawn by rules 3 now and were by rules 2 then")
    then = origin(["lesion": "zero"])
    then.designVersion = 2
    #expect(origin(["lesion": "zero"]).difference(from: then) == nil)
    then.gradientVersion = nil
    #expect(
      origin(["lesion": "zero"]).difference(from: then)
        == "masks of gradient passes are drawn by rules 4 now and were by rules 1 then")
  }

  @Test("doesn't differ from its equal") func equals() {
    #expect(origin(["seed": "1"]).difference(from: origin(["seed": "1"])) == nil)
  }
}
