internal import Glibc

/// A colour map of a few levels, straight lines in Oklab (Ottosson 2020, https://bottosson.github.io/posts/oklab/), so that
/// equal steps of a value are equal steps to the eye.
///
/// A diverging map runs from blue over a neutral centre to red, both ends as far from it in lightness and chroma; a
/// sequential one from the centre's neutral to one colour. On a dark page the centre is dark and the ends are light.
enum ColourScale {
  /// Levels on each side of a diverging map's centre, and above a sequential map's end.
  static let steps = 20

  /// Lightness, chroma and hue (in degrees) in Oklab.
  private typealias Colour = (lightness: Double, chroma: Double, hue: Double)

  private struct Scheme {
    var centre: Colour
    var low: Colour
    var high: Colour
    var end: Colour
  }

  private static let light = Scheme(
    centre: (0.97, 0, 0), low: (0.42, 0.13, 255), high: (0.42, 0.13, 25), end: (0.36, 0.1, 300))
  private static let dark = Scheme(
    centre: (0.27, 0, 0), low: (0.8, 0.11, 235), high: (0.8, 0.11, 30), end: (0.88, 0.1, 310))

  /// The class of a value in a diverging map, `d0`...`d40`, whose ends are ±limit; `nan` for what isn't finite.
  static func diverging(_ value: Double, limit: Double) -> String {
    guard value.isFinite else { return "nan" }
    let share = limit > 0 ? max(-1, min(1, value / limit)) : 0
    return "d\(steps + Int((share * Double(steps)).rounded()))"
  }

  /// The class of a value in a sequential map, `s0`...`s20`, whose ends are the range's.
  static func sequential(_ value: Double, _ range: ClosedRange<Double>) -> String {
    guard value.isFinite else { return "nan" }
    let length = range.upperBound - range.lowerBound
    let share = length > 0 ? max(0, min(1, (value - range.lowerBound) / length)) : 0
    return "s\(Int((share * Double(steps)).rounded()))"
  }

  /// All classes, from low to high.
  static let divergingClasses = (0...2 * steps).map { "d\($0)" }
  static let sequentialClasses = (0...steps).map { "s\($0)" }

  /// What a template wants of a colour bar.
  static func bar(_ classes: [String]) -> [[String: Any]] {
    classes.enumerated().map { ["x": $0.offset, "class": $0.element] }
  }

  /// The style rules of the classes. Paper gets the colours of a light page.
  static var style: String {
    "\(rules(light))\n@media screen and (prefers-color-scheme: dark) {\n\(rules(dark))\n}\n"
  }

  private static func rules(_ scheme: Scheme) -> String {
    let diverging = (-steps...steps).map { step in
      let end = oklab(step < 0 ? scheme.low : scheme.high)
      return rule("d\(steps + step)", mix(oklab(scheme.centre), end, abs(Double(step)) / Double(steps)))
    }
    let sequential = (0...steps).map { step in
      rule("s\(step)", mix(oklab(scheme.centre), oklab(scheme.end), Double(step) / Double(steps)))
    }
    return (diverging + sequential).joined(separator: "\n")
  }

  private static func rule(_ name: String, _ colour: SIMD3<Double>) -> String {
    // What stands on a colour is as far from it as it can be.
    let ink = colour.x > 0.62 ? "#111" : "#fff"
    return ".\(name) { fill: \(hexadecimal(colour)); background-color: \(hexadecimal(colour)); color: \(ink) }"
  }

  private static func oklab(_ colour: Colour) -> SIMD3<Double> {
    let angle = colour.hue * .pi / 180
    return SIMD3(colour.lightness, colour.chroma * cos(angle), colour.chroma * sin(angle))
  }

  private static func mix(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ share: Double) -> SIMD3<Double> {
    a + (b - a) * share
  }

  /// `#rrggbb`, from Oklab through linear sRGB; what lies outside of sRGB is clipped.
  private static func hexadecimal(_ lab: SIMD3<Double>) -> String {
    let l = cube(lab.x + 0.3963377774 * lab.y + 0.2158037573 * lab.z)
    let m = cube(lab.x - 0.1055613458 * lab.y - 0.0638541728 * lab.z)
    let s = cube(lab.x - 0.0894841775 * lab.y - 1.2914855480 * lab.z)
    let digits = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ].map { linear in
      let value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055
      let byte = Int((255 * max(0, min(1, value))).rounded())
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }
    return "#" + digits.joined()
  }

  private static func cube(_ x: Double) -> Double { x * x * x }
}
