import Files
internal import FoundationEssentials
package import ScanPlan
package import UserErrors

/// What a scan found by asking the network once more, kept as a JSON file in the folder of its acquisition.
package protocol AcquisitionRecord: Codable {
  static var fileName: String { get }

  /// Whether it can be of a scan with such a plan.
  func fits(_ plan: ScanPlan) -> Bool
}

extension AcquisitionRecord {
  /// Writes the file into the folder of an acquisition. - Throws: `FileError` (`cannotWrite`).
  package func write(to folder: String) throws {
    let path = "\(folder)/\(Self.fileName)"
    do {
      try Data(try JSONEncoder.withNonFinite.encode(self)).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw FileError.cannotWrite(path)
    }
  }

  /// Reads it; `nil` where there is none.
  ///
  /// - Throws: `Failure` (`badInput`) if the file is damaged or another scan's.
  package init?(contentsOf folder: String, of plan: ScanPlan) throws(Failure) {
    let path = "\(folder)/\(Self.fileName)"
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    guard let read = try? JSONDecoder.withNonFinite.decode(Self.self, from: data), read.fits(plan) else {
      throw Failure(.badInput, "\(path) can't be read: it is damaged, or another scan's; remove it to go on without it")
    }
    self = read
  }
}
