import Files
import Foundation
import TestSupport
import Testing
import UserErrors

@testable import ScanStore

@Suite("A folder of results") struct OutputFolderTests {
  private let folder = TemporaryFolder()

  @Test func `is written into by one process at a time`() throws {
    let place = OutputFolder(folder.path("scan"))
    var hold = try place.hold(patience: 0)
    #expect(hold != nil)
    #expect {
      try place.hold(patience: 0)
    } throws: {
      Failure($0).exitStatus == .cannotWrite && Failure($0).message.contains("another nnfmri-mpi is writing into")
    }
    hold = nil
    // A process that is being started holds a copy for a moment.
    #expect(try place.hold() != nil)
  }

  @Test func `is rid of what a killed process left half written, if it is a scan's`() throws {
    let place = OutputFolder(folder.path("scan"))
    // No process has a number above 2²² on Linux.
    let draft = place.path + "/maps/.effect.nii.gz.4194305.new"
    // Those of a process that still runs may be a reference that a monitor learns.
    let others =
      ["notes.new", ".hidden", "maps/.effect.old.new"].map { place.path + "/" + $0 } + [draftPath(of: place.path + "/m.ref")]
    try FileManager.default.createDirectory(atPath: place.path + "/maps", withIntermediateDirectories: true)
    for file in others + [draft] { try writeFile([1], to: file) }
    _ = try place.hold()
    #expect((others + [draft]).allSatisfy(FileManager.default.fileExists))
    try place.markIncomplete()
    _ = try place.hold()
    #expect(others.allSatisfy(FileManager.default.fileExists))
    #expect(!FileManager.default.fileExists(atPath: draft))
  }

  @Test func `is taken from a process that was killed before it had marked it`() throws {
    let place = OutputFolder(folder.path("scan"))
    _ = try place.hold()
    try writeFile(Array("{\"program".utf8), to: place.summary + ".new")
    try place.claim(resumes: false)
    #expect(!place.isComplete)
    #expect(!FileManager.default.fileExists(atPath: place.summary + ".new"))

    let others = OutputFolder(folder.path("others"))
    _ = try others.hold()
    for name in ["/scan.json.new", "/thesis.tex"] { try writeFile([1], to: others.path + name) }
    #expect(throws: Failure.self) { try others.claim(resumes: true) }
    #expect(FileManager.default.fileExists(atPath: others.path + "/thesis.tex"))
  }

  @Test func `is waited for where its writer is about to end`() throws {
    let place = OutputFolder(folder.path("scan"))
    try FileManager.default.createDirectory(atPath: place.path, withIntermediateDirectories: true)
    let writer = Process()
    writer.executableURL = URL(filePath: "/usr/bin/flock")
    writer.arguments = [place.path, "sleep", "1"]
    try writer.run()
    while isFree(place), writer.isRunning { usleep(1000) }
    #expect(writer.isRunning)
    #expect(try place.hold(patience: 60) != nil)
    writer.waitUntilExit()
  }

  private func isFree(_ place: OutputFolder) -> Bool { (try? place.hold(patience: 0)) != nil }
}
