internal import Glibc

/// Numbers as people read them, in no locale's way.
package enum Number {
  /// With a fixed number of decimals; with three significant digits where no decimal of the number is known.
  package static func fixed(_ value: Double, _ decimals: Int) -> String {
    abs(value) < 1e15 || !value.isFinite ? format("%.\(decimals)f", value) : significant(value)
  }

  /// With three significant digits.
  package static func significant(_ value: Double) -> String {
    format("%.3g", value)
  }

  /// The number with five significant digits, so that it is short as text.
  static func rounded(_ value: Double) -> Double {
    value.isFinite ? Double(format("%.5g", value))! : value
  }

  /// A p- or q-value.
  package static func probability(_ value: Double) -> String {
    value < 0.0001 ? "<0.0001" : fixed(value, 4)
  }

  /// Seconds as "12 s", "3 min 20 s" or "5 h 10 min".
  package static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    switch whole {
    case ..<10: return "\(significant(seconds)) s"
    case ..<60: return "\(whole) s"
    case ..<3600: return "\(whole / 60) min \(whole % 60) s"
    default: return "\(whole / 3600) h \(whole / 60 % 60) min"
    }
  }

  private static func format(_ format: String, _ value: Double) -> String {
    var text = [CChar](repeating: 0, count: 64)
    withVaList([value]) { _ = vsnprintf(&text, text.count, format, $0) }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
