import Files
import Foundation
import ScanPlan
import ScanResults
import TestSupport
import Testing

@testable import Reporting

/// A model may call its tensors anything.
@Suite struct `Names that a format knows otherwise` {
  /// A quote and a bracket under combining marks, which Swift takes for characters of their own, and what ends fields and lines.
  private static let name = "a\"\u{301}onmouseover=alert(1) <\u{338}b>\tc\nd\re\r\nf&'\u{1}"

  @Test func `are text in a page`() {
    let text = TextFormats.html(Self.name)
    #expect(!text.unicodeScalars.contains { "<>\"'".unicodeScalars.contains($0) })
    #expect(text.unicodeScalars.starts(with: "a&quot;\u{301}onmouseover=alert(1) &lt;\u{338}b&gt;".unicodeScalars))
    #expect(TextFormats.html("plain ζ") == "plain ζ")
  }

  @Test func `are text in XML`() {
    let text = TextFormats.xml(Self.name)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 || "<>\"'".unicodeScalars.contains($0) })
    #expect(TextFormats.xml("1.5e-3") == "1.5e-3")
  }

  @Test func `are one field of a table`() {
    let line = TextFormats.tableLine([Self.name, "", "2"])
    #expect(line.utf8.count { $0 == UInt8(ascii: "\t") } == 2 && line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
    #expect(!line.utf8.contains(UInt8(ascii: "\r")) && line.hasSuffix("\t\t2\n"))
  }

  @Test func `are one field of CSV`() {
    #expect(TextFormats.csvField("a\"\u{301},b").unicodeScalars.elementsEqual("\"a\"\"\u{301},b\"".unicodeScalars))
    #expect(TextFormats.csvField("plain") == "plain" && TextFormats.csvField("a\nb") == "\"a\nb\"")
  }

  @Test func `stay within what is written of a scan`() throws {
    let folder = TemporaryFolder()
    var result = try HandmadeScan().result()
    result.plan.layers[0].tensor = Self.name
    result.layers[0].plan.tensor = Self.name
    try ScanFiles(result).write([.tsv, .json, .html], to: folder.path)
    let table = TemporaryFolder.read(folder.path("regions.tsv")).split(separator: UInt8(ascii: "\n"))
    #expect(table.count == 1 + HandmadeScan.regionCount)
    #expect(Set(table.map { $0.count { $0 == UInt8(ascii: "\t") } }).count == 1)
    let page = TemporaryFolder.read(folder.path("report.html"))
    #expect(page.count > 1000)
    for raw in ["a\"\u{301}on", "<\u{338}b"] { #expect(!Data(page).contains(Data(raw.utf8))) }
  }

  @Test func `are names of folders and files`() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/\u{301}x/\u{338}y"
    try makeFolder(path)
    #expect(FileManager.default.fileExists(atPath: path))
    #expect(Files.folder(of: path).utf8.elementsEqual((folder.path + "/\u{301}x").utf8))
    #expect(fileName(of: path + "/").utf8.elementsEqual("\u{338}y".utf8))
    let file = path + "/\u{301}z"
    try writeFile([1], to: file)
    try replaceFile([2], at: file, option: "--out")
    #expect(TemporaryFolder.read(file) == [2])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
  }
}

@Suite struct `A file that is replaced` {
  @Test func `is what a link names, with its rights, and a pipe stays one`() throws {
    let folder = TemporaryFolder()
    let (file, link, pipe) = (folder.file("graph.onnx", text: "old"), folder.path("link"), folder.path("pipe"))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "graph.onnx")
    chmod(file, 0o600)
    try replaceFile([1, 2], at: link, option: "--out")
    #expect(TemporaryFolder.read(file) == [1, 2])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "graph.onnx")
    #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)

    #expect(mkfifo(pipe, 0o600) == 0)
    let reader = open(pipe, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    try replaceFile([3], at: pipe, option: "--out")
    var byte: UInt8 = 0
    #expect(read(reader, &byte, 1) == 1 && byte == 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["graph.onnx", "link", "pipe"])
  }
}

@Suite struct `A number that is shown` {
  @Test(arguments: [(1e70, "1e+70"), (-2.5e15, "-2.5e+15"), (123_456.789, "123456.8"), (0, "0.0")])
  func `has the size that it has`(number: Double, text: String) {
    #expect(Number.fixed(number, 1) == text)
  }
}

@Suite struct `A file of stretches` {
  @Test func `uses no place of a damaged index`() throws {
    let path = TemporaryFolder().path + "/weights"
    try makeFolder(Files.folder(of: path))
    try writeFile([UInt8](repeating: 7, count: 64), to: path)
    let lines = ["1 64 9223372036854775807", "1 9223372036854775807 1", "1 64 -1", "1 -64 64", "1 65 0"]
    try writeFile(Array(lines.joined(separator: "\n").utf8), to: path + ".index")
    var file = try BlobFile(path)
    #expect(try [UInt8](repeating: 7, count: 64).withUnsafeBytes { try file.offset(of: $0, alignment: 1) } == 64)
  }
}
