/// Something that reads files from the world, and what is fed to it.
protocol FuzzTarget {
  /// What `--only` calls it.
  var name: String { get }
  /// The end of the file's name, which the reader goes by.
  var fileExtension: String { get }
  /// Whole files that are read well, to start from.
  var seeds: [[UInt8]] { get }
  /// A file near a seed: its parts changed, and whatever sums and lengths belong to them mended half of the time, so
  /// that what lies behind the first checks is reached.
  func mutated(_ seed: [UInt8], by mutator: inout Mutator) -> [UInt8]
  /// Reads a file as the program would, and uses what was read. Errors that are told as such are fine.
  func read(_ path: String) throws
}

extension FuzzTarget {
  func mutated(_ seed: [UInt8], by mutator: inout Mutator) -> [UInt8] { mutator.mutated(seed) }
}
