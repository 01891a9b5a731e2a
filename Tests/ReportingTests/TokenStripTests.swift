import Testing

@testable import Reporting

@Suite("Tokens in reading order")
struct TokenStripTests {
  private static func strip(_ names: [String]) -> [(text: String, isJoined: Bool)] {
    let strip = TokenStrip(
      names: names, classes: names.map { _ in "d20" }, critical: names.map { _ in false }, tips: names)
    return strip.context.map { ($0["text"] as? String ?? "", $0["joined"] as? Bool ?? false) }
  }

  @Test(
    "are put together as their tokenizer took them apart",
    arguments: [
      (["token 0 [CLS]", "token 1 guitar", "token 2 ##ist"], ["[CLS]", "guitar", "ist"], [false, false, true]),
      (
        ["token 0 The", "token 1 Ġguitar", "token 2 ist", "token 3 Ġ"], ["The", "guitar", "ist", "␣"],
        [false, false, true, false]
      ),
      (
        ["token 0 ▁The", "token 1 ▁guitar", "token 2 ist", "token 3"], ["The", "guitar", "ist", "3"], [false, false, true, false]
      ),
      (["token 4", "token 7"], ["4", "7"], [false, false]),
    ])
  func joined(names: [String], texts: [String], joined: [Bool]) {
    let words = Self.strip(names)
    #expect(words.map(\.text) == texts)
    #expect(words.map(\.isJoined) == joined)
  }
}
