import Files
import Foundation
import TestSupport
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
    let whole = try bytes(of: .json(.object(members)))
    let piecewise = try bytes(of: .members(members.mapValues { value in { value } }))
    // An empty object is pretty-printed over lines of its own; members are never empty in a scan.
    if count == 0 {
      #expect(String(decoding: piecewise, as: UTF8.self) == "{}\n")
    } else {
      #expect(piecewise == whole)
    }
  }

  @Test("Text and bytes are themselves") func plain() throws {
    #expect(try bytes(of: .text("ζ\n")) == Array("ζ\n".utf8))
    #expect(try bytes(of: .text("")) == [])
    #expect(try bytes(of: .parts([{ "ζ" }, { "" }, { "\n" }])) == Array("ζ\n".utf8))
    #expect(try bytes(of: .bytes([0, 255])) == [0, 255])
  }

  @Test("A file that can't take its place is named, what is there stays, and no draft is left") func refused() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/impact.json"
    try makeFolder(path + "/kept")
    let error = #expect(throws: FileError.self) { try FileContent.text("new").write(to: path) }
    #expect(error?.message.hasPrefix(path + ": ") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["impact.json"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["kept"])
  }

  private func bytes(of content: FileContent) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try content.forEachPiece { bytes += $0 }
    return bytes
  }
}
