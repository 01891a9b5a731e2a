/// A stretch of a stimulus's activation, contiguous in memory, that belongs to one region.
package struct RegionRun: Hashable, Sendable {
  package let region: UInt32
  /// Elements from the start of the stimulus's row.
  package let offset: UInt32
  package let length: UInt32
}
