import Foundation

/// An EDF+ file, read by the format's own words (https://www.edfplus.info/specs/edf.html).
struct EDFContent {
  struct Signal {
    let label: String
    let minimum: Double
    let maximum: Double
    /// In physical units, the unit's power of ten included.
    let values: [Double]
  }

  let isContinuous: Bool
  let signals: [Signal]
  let annotations: Set<String>

  struct Malformed: Error {}

  init(_ bytes: [UInt8]) throws {
    func text(_ start: Int, _ length: Int) -> String {
      String(decoding: bytes[start..<start + length], as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
    guard bytes.count > 256, let records = Int(text(236, 8)), let count = Int(text(252, 4)),
      Int(text(184, 8)) == 256 * (count + 1)
    else { throw Malformed() }
    isContinuous = text(192, 5) == "EDF+C"
    /// A field of every signal's header.
    func field(_ offset: Int, _ length: Int) -> [String] {
      (0..<count).map { text(256 + offset * count + $0 * length, length) }
    }
    let labels = field(0, 16)
    let units = field(96, 8)
    let ranges = zip(field(104, 8), field(112, 8)).map { (Double($0)!, Double($1)!) }
    let samples = field(216, 8).map { Int($0)! }
    let recordLength = samples.reduce(0, +)
    guard bytes.count == 256 * (count + 1) + records * recordLength * 2 else { throw Malformed() }
    var signals: [Signal] = []
    var annotations: Set<String> = []
    for signal in 0..<count {
      let raw = (0..<records).flatMap { record -> [UInt8] in
        let before = samples[..<signal].reduce(0, +)
        let start = 256 * (count + 1) + 2 * (record * recordLength + before)
        return Array(bytes[start..<start + 2 * samples[signal]])
      }
      if labels[signal] == "EDF Annotations" {
        // Onset, 0x15 and duration, then texts between bytes of 0x14; lists end with a zero.
        for list in raw.split(separator: 0) {
          let parts = list.split(separator: 0x14).dropFirst()
          annotations.formUnion(parts.map { String(decoding: $0, as: UTF8.self) })
        }
        continue
      }
      let factor = units[signal].isEmpty ? 1 : Double(units[signal])!
      let (low, high) = ranges[signal]
      let values = stride(from: 0, to: raw.count, by: 2).map { place -> Double in
        let digital = Int16(bitPattern: UInt16(raw[place]) | UInt16(raw[place + 1]) << 8)
        return factor * (low + (Double(digital) + 32768) / 65535 * (high - low))
      }
      signals.append(Signal(label: labels[signal], minimum: low * factor, maximum: high * factor, values: values))
    }
    self.signals = signals
    self.annotations = annotations
  }
}
