internal import CEDF
import Files
internal import Glibc
import ScanPlan
import ScanResults
import Temporal
import UserErrors

/// `eeg/stream.edf`: the signals of all layers as EDF+, which readers of electroencephalograms open, by EDFlib.
///
/// Samples are 16 bits between a signal's least and largest value. The file begins in 1985, the first year of the format,
/// so that equal signals give equal bytes. Sources: Kemp et al. (1992), Kemp & Olivan (2003), https://www.edfplus.info.
enum SignalFile {
  /// EDFlib's longest record, a minute, and its unit of time.
  private static let longestRecord = 60
  private static let recordTicksPerSecond = 100_000
  /// Of a signal's record, and bytes of all signals' records: somewhat less than EDFlib takes.
  private static let mostSamples = 1_000_000
  private static let mostBytes = 8 << 20
  /// What EDFlib holds in a record.
  private static let annotationsPerRecord = 64
  /// Of EDFlib's times.
  private static let ticksPerSecond = 10_000.0

  /// What happens at a time, in stimuli.
  private struct Annotation {
    let start: Double
    let length: Double
    let text: String
  }

  /// Why a stream has no such file, a sentence; `nil` if it has.
  static func reasonForNone(_ course: TimeCourse) -> String? {
    if course.layers.count > Int(EDFLIB_MAXSIGNALS) {
      return "EDF+ holds \(EDFLIB_MAXSIGNALS) signals, and there are \(course.layers.count) layers."
    }
    guard let record = Record(rate: course.settings.samplingRate) else {
      return
        "EDF+ holds records of up to \(longestRecord) seconds with a sample or more, and \(course.settings.samplingRate) Hz gives none."
    }
    guard 2 * record.samples * course.layers.count <= mostBytes else {
      return
        "A record of \(record.samples) samples of \(course.layers.count) layers, at \(course.settings.samplingRate) Hz, is longer than EDF+ holds."
    }
    let (count, records) = (annotations(course).count, record.count(samples: course.samples))
    return count <= records * annotationsPerRecord
      ? nil
      : "\(count) states and anomalies are more than the \(records * annotationsPerRecord) that \(records == 1 ? "a record" : "\(records) records") of EDF+ can hold: choose longer windows or steps."
  }

  /// How many samples a record has, and how long it lasts.
  struct Record: Equatable {
    let samples: Int
    /// In 10 microseconds.
    let ticks: Int

    /// How many records hold so many samples of a signal.
    func count(samples: Int) -> Int { (samples + self.samples - 1) / self.samples }

    /// Whole seconds that give the rate exactly, the fewest; else, for a rate such as 29.97 Hz, the shortest record that gives
    /// it within 10⁻⁷, or the one up to a minute that comes nearest.
    ///
    /// - Returns: `nil` if no sample fits a record, or more than EDFlib takes.
    init?(rate: Double) {
      let (unit, longest) = (Double(recordTicksPerSecond), longestRecord)
      guard rate > 0, rate * Double(longest) >= 0.5, rate < Double(mostSamples) else { return nil }
      if let seconds = (1...longest).first(where: {
        let samples = rate * Double($0)
        return samples >= 0.5 && samples <= Double(mostSamples) && abs(samples - samples.rounded()) < 1e-9
      }) {
        samples = Int((rate * Double(seconds)).rounded())
        ticks = seconds * recordTicksPerSecond
        return
      }
      var best: (samples: Int, ticks: Int, error: Double)?
      for samples in 1...max(1, min(Int(rate * Double(longest)), mostSamples)) {
        let exact = Double(samples) / rate * unit
        let ticks = exact.rounded()
        guard ticks >= 100, ticks <= Double(longest) * unit else { continue }
        let error = abs(ticks - exact) / exact
        if error < best?.error ?? .infinity { best = (samples, Int(ticks), error) }
        if error <= 1e-7 { break }
      }
      guard let best else { return nil }
      (samples, ticks) = (best.samples, best.ticks)
    }
  }

  /// Writes the file of a stream that has one (`reasonForNone`).
  ///
  /// - Throws: `Failure` (`cannotWrite`).
  static func write(_ course: TimeCourse, layers: [ScanPlan.Layer], to folder: String) throws {
    try makeFolder(folder)
    let path = folder + "/stream.edf"
    let failure = Failure(.cannotWrite, "\(path) can't be written; check that its folder is writable and has room")
    guard let record = Record(rate: course.settings.samplingRate) else { throw failure }
    let perRecord = record.samples
    let records = record.count(samples: course.samples)
    // Written beside and renamed, so that a reader never sees half of one.
    let draft = path + ".new"
    let file = edfopen_file_writeonly(draft, EDFLIB_FILETYPE_EDFPLUS, Int32(layers.count))
    guard file >= 0 else { throw failure }
    var isWell =
      edf_set_startdatetime(file, 1985, 1, 1, 0, 0, 0) == 0
      && edf_set_datarecord_duration(file, Int32(record.ticks)) == 0
      && edf_set_equipment(file, "nnfmri-mpi") == 0
    let annotations = annotations(course)
    let channels = (annotations.count + records - 1) / records
    isWell = isWell && edf_set_number_of_annotation_signals(file, Int32(max(channels, 1))) == 0
    var signals: [[Int32]] = []
    for (number, (plan, layer)) in zip(layers, course.layers).enumerated() {
      let scale = PhysicalScale(layer.signal)
      isWell = isWell && declare(Int32(number), of: plan, scale, samples: perRecord, in: file)
      signals.append(layer.signal.map(scale.digital))
    }
    for record in 0..<records where isWell {
      for signal in signals where isWell {
        let samples = signal[record * perRecord..<min((record + 1) * perRecord, signal.count)]
        // The last record is filled up with the last value; an annotation tells where the stream ends.
        var block = Array(samples) + [Int32](repeating: signal.last ?? 0, count: perRecord - samples.count)
        isWell = edfwrite_digital_samples(file, &block) == 0
      }
    }
    for annotation in annotations where isWell {
      let rate = course.settings.samplingRate
      isWell =
        edfwrite_annotation_utf8(
          file, Int64((annotation.start / rate * ticksPerSecond).rounded()),
          Int64((annotation.length / rate * ticksPerSecond).rounded()), annotation.text) == 0
    }
    guard edfclose_file(file) == 0, isWell, rename(draft, path) == 0 else {
      unlink(draft)
      throw failure
    }
  }

  /// Says what a channel holds; false where EDFlib doesn't take it.
  private static func declare(
    _ channel: Int32, of layer: ScanPlan.Layer, _ scale: PhysicalScale, samples: Int, in file: Int32
  ) -> Bool {
    edf_set_samplefrequency(file, channel, Int32(samples)) == 0
      && edf_set_physical_maximum(file, channel, scale.written(scale.maximum)) == 0
      && edf_set_physical_minimum(file, channel, scale.written(scale.minimum)) == 0
      && edf_set_digital_maximum(file, channel, 32767) == 0 && edf_set_digital_minimum(file, channel, -32768) == 0
      && edf_set_label(file, channel, "layer_\(layer.number)") == 0
      && edf_set_physical_dimension(file, channel, scale.unit) == 0
      && edf_set_transducer(file, channel, ascii("mean|a| of \(layer.tensor)")) == 0
  }

  /// Runs of a state, anomalies, and windows where records have room for these, too, in order of time: EDFlib drops what doesn't fit, without a
  /// word, and states and anomalies matter more than where windows lie.
  private static func annotations(_ course: TimeCourse) -> [Annotation] {
    let windows = course.windows
    var result: [Annotation] = []
    for (number, layer) in course.layers.enumerated() {
      let rhythms = layer.windows.map(\.temporalState)
      let places = layer.windows.map(\.spatialState)
      result += runs(rhythms, windows).map { Annotation(start: $0, length: $1, text: "layer_\(number) rhythm \($2)") }
      result += runs(places, windows).map { Annotation(start: $0, length: $1, text: "layer_\(number) place \($2)") }
      for (window, content) in layer.windows.enumerated() {
        for (isAnomaly, kind) in [(content.isTemporalAnomaly, "rhythm"), (content.isSpatialAnomaly, "place")]
        where isAnomaly == true {
          result.append(
            Annotation(
              start: Double(windows[window].lowerBound), length: Double(windows.length),
              text: "layer_\(number) \(kind) anomaly"))
        }
      }
    }
    result.append(Annotation(start: Double(course.samples), length: 0, text: "end of stream"))
    let room = Record(rate: course.settings.samplingRate).map { $0.count(samples: course.samples) * annotationsPerRecord } ?? 0
    if result.count + windows.count <= room {
      result += (0..<windows.count).map {
        Annotation(start: Double(windows[$0].lowerBound), length: Double(windows.length), text: "window \($0)")
      }
    }
    return result.sorted { ($0.start, $0.text) < ($1.start, $1.text) }
  }

  /// Stretches of equal states. A window stands for its step around its middle, since windows overlap.
  private static func runs(
    _ states: [NetworkState?], _ windows: SlidingWindows
  ) -> [(start: Double, length: Double, state: String)] {
    var runs: [(start: Double, length: Double, state: String)] = []
    var previous: NetworkState?
    for (window, state) in states.enumerated() {
      defer { previous = state }
      guard let state else { continue }
      let middle = Double(windows[window].lowerBound) + Double(windows.length) / 2
      if state == previous {
        runs[runs.count - 1].length += Double(windows.step)
      } else {
        let step = Double(min(windows.step, windows.length))
        runs.append((middle - step / 2, step, state.rawValue))
      }
    }
    return runs
  }

  /// Other letters become underscores, which EDF's header can hold; 80 are kept.
  private static func ascii(_ text: String) -> String {
    String(text.unicodeScalars.prefix(80).map { $0.isASCII && $0.value >= 32 ? Character($0) : "_" })
  }

  /// How a signal's values become 16 bits, and their range the eight characters that EDF has for each of its ends.
  ///
  /// Ends are rounded outwards to as many decimals as there is room for, so that what the header says is exact. Values that
  /// eight characters can't tell apart are divided by a power of 1000.
  struct PhysicalScale {
    let unit: String
    let minimum: Double
    let maximum: Double
    private let factor: Double

    init(_ signal: [Double]) {
      let largest = signal.map(abs).max() ?? 0
      let isPlain = largest == 0 || (1e-3..<1e4).contains(largest)
      let exponent = isPlain ? 0 : Int((log10(largest) / 3).rounded(.down)) * 3
      factor = pow(10, Double(exponent))
      unit = exponent == 0 ? "" : "1e\(exponent)"
      // A sign, up to four digits in front, the point: two decimals always fit, and six are the most that EDFlib writes.
      let digits = largest / factor < 10 ? 5.0 : 2.0
      let grid = pow(10, digits)
      minimum = ((signal.min() ?? 0) / factor * grid).rounded(.down) / grid
      let high = ((signal.max() ?? 0) / factor * grid).rounded(.up) / grid
      maximum = high > minimum ? high : minimum + 1
    }

    /// EDFlib cuts decimals off, so a number that is a hair below its decimals must be one above.
    func written(_ end: Double) -> Double { end < 0 ? end - 1e-9 : end + 1e-9 }

    /// The nearest of the 65,536 levels.
    func digital(_ value: Double) -> Int32 {
      let share = (value / factor - minimum) / (maximum - minimum)
      return Int32((share * 65535).rounded()) - 32768
    }
  }
}
