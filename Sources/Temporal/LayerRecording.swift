/// What a stream of stimuli did to one layer: the measurements that its time course is analysed from.
package struct LayerRecording: Sendable {
  /// `[stimuli]`: s_t = mean|a| over the layer's units, in units of the activation.
  package var signal: [Double]
  /// `[windows]`: mean over its stimuli of the share of active regions.
  package var coverage: [Double]
  /// `[windows][regions]`: mean φ over its stimuli.
  package var densities: [[Double]]
  /// `[windows]`: the largest mean ζ of a region over the stimuli scanned in the window, in v; `nil` where none was.
  package var zeta: [Double?]
  /// `[windows]`: the same over every other of those stimuli; `nil` where fewer than two were scanned.
  package var zetaHalves: [Halves?]

  package init(
    signal: [Double], coverage: [Double], densities: [[Double]], zeta: [Double?], zetaHalves: [Halves?]
  ) {
    precondition(coverage.count == densities.count && zeta.count == densities.count && zetaHalves.count == zeta.count)
    self.signal = signal
    self.coverage = coverage
    self.densities = densities
    self.zeta = zeta
    self.zetaHalves = zetaHalves
  }
}
