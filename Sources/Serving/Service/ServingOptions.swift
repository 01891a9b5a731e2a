import Files

/// What is served, and how.
package struct ServingOptions: Sendable {
  package var address: ServerAddress
  /// As it is in paths.
  package var modelName: String
  package var token: AccessToken?
  package var limits = ServerLimits()
  /// Threads of the server's process that each run the network, with a session of its own.
  package var workers = 1
  /// Stimuli in a pass.
  package var batch = 8
  /// Seconds that a request waits for others to share a pass with; 0 for none.
  package var delay = 0.001
  package var runsSelfTests = false
  /// Seconds after which another rank that doesn't answer is lost.
  package var patience = 300.0
  /// A file that verdicts' lines are put behind; `nil` for none.
  package var lines: String?
  package var programVersion: String

  package init(address: ServerAddress, modelName: String, programVersion: String) {
    (self.address, self.modelName, self.programVersion) = (address, modelName, programVersion)
  }

  /// Whether a path can hold the name as it is.
  package static func isModelName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= 128
      && name.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains(byte)
      }
  }

  /// The file's name without its ending, and with `_` for what a path can't hold.
  package static func modelName(ofFile path: String) -> String {
    var name = fileName(of: path)[...]
    if name.hasSuffix(".onnx") { name = name.dropLast(5) }
    let text = String(name.map { isModelName(String($0)) ? $0 : "_" }.prefix(128))
    return text.isEmpty ? "model" : text
  }
}
