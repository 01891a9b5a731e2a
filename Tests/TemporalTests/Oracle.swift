import Foundation

/// What SciPy and scikit-learn say, written by Scripts/temporal_oracle.py.
struct Oracle: Decodable {
  struct WelchCase: Decodable {
    let seed: UInt32
    let count: Int
    let rate: Double
    let hertz: Double
    let length: Int
    let overlap: Double
    let density: [Double]
    let coherence: [Double]
    let total: Double
    let entropy: Double
    let dominant: Double
  }

  struct ShrinkageCase: Decodable {
    let seed: UInt32
    let samples: Int
    let variables: Int
    let shrinkage: Double
    let distances: [Double]
  }

  struct AgreementCase: Decodable {
    let seed: UInt32
    let count: Int
    let kappa: Double
    let matthews: Double
    let correlation: Double
    let median: Double
    let deviation: Double
  }

  let welch: [WelchCase]
  let shrinkage: [ShrinkageCase]
  let agreement: [AgreementCase]

  static let shared: Oracle = {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "oracle.json")
    return try! JSONDecoder().decode(Oracle.self, from: Data(contentsOf: path))
  }()
}

/// Numbers in -0.5 ..< 0.5, as the oracle's script makes them.
func noise(_ seed: UInt32, _ count: Int) -> [Double] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 1_664_525 &+ 1_013_904_223
    return Double(state) / 4_294_967_296 - 0.5
  }
}

/// A tone in noise, around 3.
func tone(_ seed: UInt32, count: Int, rate: Double, hertz: Double) -> [Double] {
  zip(noise(seed, count), 0..<count).map { 3 + sin(2 * .pi * hertz * Double($1) / rate) + $0 }
}

/// max |a − b| / max |b|.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / (b.map(abs).max() ?? 1)
}
