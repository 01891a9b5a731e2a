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
    #expect(try place.hold(patience: 0) != nil)
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
