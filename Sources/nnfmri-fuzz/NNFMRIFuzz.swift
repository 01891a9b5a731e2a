import ArgumentParser
import Arrays
import Glibc
import OnnxRuntime

/// Feeds readers with damaged files, in this process. A file that makes it crash, hang or take too much memory ends it, and
/// is left in the folder under its number.
#if !COVERAGE_GUIDED
  @main
#endif
struct NNFMRIFuzz: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nnfmri-fuzz",
    abstract: "Feed the readers of files with changed ones, the same ones for the same seed.",
    discussion: "A crash, a hang or too much memory ends the program and leaves the file in the folder, named by its number.")

  @Option(help: "How many files.")
  var count = 1_000_000

  @Option(help: "The number of the first file.")
  var from = 0

  @Option(help: "The number that all files follow from.")
  var seed: UInt64 = 1

  @Option(help: "Seconds of processor time that a file may take; sixty times as many by the clock, since others may be at work.")
  var seconds = 10

  @Option(help: "Megabytes that the process may hold.")
  var memory = 1024

  @Option(help: "A format alone, or several, separated by commas.")
  var only: String?

  @Option(help: "The folder for the file that is being read, in memory best.")
  var folder = "/dev/shm"

  @Option(help: "The folder of a small finished scan, in memory best, which is changed file by file.")
  var scan: String?

  @Option(help: "The folder of part 1/1 of a small scan, likewise.")
  var part: String?

  @Argument(help: "A file to read instead, by the format of its name's end.")
  var file: String?

  func validate() throws {
    guard count >= 0, from >= 0, memory > 0, 0...86_400 ~= seconds else {
      throw ValidationError("--count, --from, --memory and --seconds count from 0.")
    }
  }

  func run() throws {
    var known: [any FuzzTarget] = StimulusTargets.all
    known.append(LabelTarget(stimuli: try Self.threeStimuli(in: folder)))
    known.append(ModelTarget(name: "onnx", runtime: nil))
    if let runtime = try? Runtime() { known.append(ModelTarget(name: "network", runtime: runtime)) }
    known += ScanTarget.all(scan: scan, part: part)
    let names = only.map { $0.split(separator: ",").map(String.init) }
    let targets = known.filter { names?.contains($0.name) ?? true }
    guard !targets.isEmpty else {
      throw ValidationError("--only \(only!) is none of \(known.map(\.name).joined(separator: ", ")).")
    }
    if let file {
      for target in targets where file.hasSuffix("." + target.fileExtension) { report(target, file) }
      return
    }
    var outcomes = [(read: Int, refused: Int)](repeating: (0, 0), count: targets.count)
    var times = [(sum: Double, longest: Double, file: Int)](repeating: (0, 0, 0), count: targets.count)
    for number in from..<from + count {
      let which = number % targets.count
      let target = targets[which]
      var mutator = Mutator(seed: seed, number: number)
      let bytes = target.mutated(mutator.element(of: target.seeds), by: &mutator)
      let path = "\(folder)/nnfmri-fuzz-\(getpid())-\(number).\(target.fileExtension)"
      try Self.write(bytes, to: path)
      let start = clock()
      Self.limit(seconds)
      do {
        try target.read(path)
        outcomes[which].read += 1
      } catch {
        outcomes[which].refused += 1
      }
      Self.limit(0)
      let took = Double(clock() - start) / 1e6
      times[which].sum += took
      if took > times[which].longest { (times[which].longest, times[which].file) = (took, number) }
      let held = Self.mostHeld()
      guard held <= memory else {
        print("\(held) MB were held after file \(number), \(target.name): \(path)")
        throw ExitCode(1)
      }
      unlink(path)
      let done = number - from + 1
      if done.isMultiple(of: 50_000), done < count { Self.say("\(done) of \(count) files") }
    }
    for (target, (outcome, time)) in zip(targets, zip(outcomes, times)) {
      let each = 1e6 * time.sum / Double(max(outcome.read + outcome.refused, 1))
      print(
        "\(target.name): \(outcome.read) read, \(outcome.refused) refused, \(Int(each)) µs each, file \(time.file) \(Int(1000 * time.longest)) ms"
      )
    }
    print("\(count) files, at most \(Self.mostHeld()) MB held")
  }

  private func report(_ target: any FuzzTarget, _ path: String) {
    do {
      try target.read(path)
      print("\(target.name): read")
    } catch {
      print("\(target.name): \(error)")
    }
  }

  /// Says how far it is even where nobody looks at a terminal.
  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private static func threeStimuli(in folder: String) throws -> String {
    let path = "\(folder)/nnfmri-fuzz-\(getpid())-three.npy"
    try NumericArray(shape: [3, 2], floats: [0, 1, 2, 3, 4, 5]).writeNPY(to: path)
    return path
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw ValidationError("\(path) can't be written: give another --folder.") }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw ValidationError("\(path) can't be written whole: give another --folder.")
    }
  }

  /// Lets the process be ended after so much processor time, or much more by the clock; 0 lifts the limits.
  private static func limit(_ seconds: Int) {
    var timer = itimerval()
    timer.it_value.tv_sec = seconds
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    alarm(UInt32(60 * seconds))
  }

  /// The most that this process has held, in megabytes.
  private static func mostHeld() -> Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_maxrss / 1024
  }
}
