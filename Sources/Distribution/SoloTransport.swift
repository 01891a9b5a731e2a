import Files

/// One rank, alone: there is nobody to exchange messages with.
package final class SoloTransport: Transport {
  package init() {}

  package var size: Int { 1 }
  package var now: Double { monotonicSeconds() }

  package func post(_ bytes: [UInt8], to rank: Int, kind: MessageKind) {}
  package func receive(_ kind: MessageKind?) -> Message? { nil }
  package func rest() {}
  package func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  package func finish() {}
}
