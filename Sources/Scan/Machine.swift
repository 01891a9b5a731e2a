internal import FoundationEssentials
internal import Glibc
import OnnxRuntime

/// The machine that a rank runs on.
package struct Machine: Sendable, Hashable {
  /// Its name in the network.
  package let host: String
  /// What the runtime and BLAS choose their code by, and with it the last digits of a result.
  package let instructionSet: String
  /// What its passes run on; `nil`: the processor.
  package let device: Device?

  /// A device of an execution provider.
  package struct Device: Sendable, Hashable {
    /// What it is called; empty where the provider doesn't say.
    package let name: String
    /// Which of the machine's devices of its kind, from 0.
    package let number: Int

    package init(name: String, number: Int) {
      self.name = name
      self.number = number
    }

    init(_ provider: ExecutionProvider) {
      self.init(name: provider.device ?? "", number: provider.deviceNumber)
    }
  }

  /// What decides the last digits of what the rank measures.
  package var arithmetic: String {
    let name = device?.name ?? ""
    return name.isEmpty ? instructionSet : "\(instructionSet), \(name)"
  }

  /// The flags by which ONNX Runtime and OpenBLAS choose.
  private static let telling: Set<String> = [
    "avx", "avx2", "fma", "avx_vnni", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16",
    "amx_tile", "amx_int8", "amx_bf16", "asimd", "asimddp", "asimdhp", "sve", "sve2", "i8mm", "bf16",
  ]

  package static let current: Machine = {
    var system = utsname()
    uname(&system)
    func text<Field>(_ field: Field) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return Machine(
      host: text(system.nodename), instructionSet: ([text(system.machine)] + tellingFlags()).joined(separator: " "))
  }()

  package init(host: String, instructionSet: String, device: Device? = nil) {
    self.host = host
    self.instructionSet = instructionSet
    self.device = device
  }

  private static func tellingFlags() -> [String] {
    guard let data = FileManager.default.contents(atPath: "/proc/cpuinfo") else { return [] }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("flags") || $0.hasPrefix("Features")
    }
    let flags = line?.split(separator: ":").last?.split(separator: " ").map(String.init) ?? []
    return flags.filter(telling.contains).sorted()
  }
}
