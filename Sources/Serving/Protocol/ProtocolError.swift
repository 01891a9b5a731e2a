/// Why a request isn't one that can be answered, in a sentence for its sender.
struct ProtocolError: Error, Hashable {
  let message: String

  init(_ message: String) { self.message = message }
}
