import Testing

@testable import Reporting

@Suite("What a file of results holds")
struct FileContentTests {
  @Test("An object encoded member by member has the bytes of the object encoded whole", arguments: [0, 1, 12])
  func members(count: Int) throws {
    let members = Dictionary(
      uniqueKeysWithValues: (0..<count).map { number in
        ("layer_\(number)", ["a": .double(Double(number) / 3), "b": [.null, "x/y"], "c": [:]] as JSONValue)
      })
    let whole = try FileContent.json(.object(members)).encoded()
    let piecewise = try FileContent.members(members.mapValues { value in { value } }).encoded()
    // An empty object is pretty-printed over lines of its own; members are never empty in a scan.
    if count == 0 {
      #expect(String(decoding: piecewise, as: UTF8.self) == "{}\n")
    } else {
      #expect(piecewise == whole)
    }
  }
}
