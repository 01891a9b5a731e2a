import ArgumentParser
internal import FoundationEssentials
internal import Glibc

/// What the process can tell of how it was launched, before MPI is initialised.
enum Launcher {
  /// Refuses arguments that are no UTF-8: as text they would name other files.
  ///
  /// - Throws: `ValidationError` with the first one.
  static func checkArguments() throws {
    for place in 1..<max(Int(CommandLine.argc), 1) {
      guard let bytes = CommandLine.unsafeArgv[place], String(validatingCString: bytes) == nil else { continue }
      throw ValidationError(
        "Argument \(place), \"\(String(cString: bytes))\", is no UTF-8, so that the file can't be named; rename it, or give a link to it."
      )
    }
  }

  /// Whether this is rank 0, or wasn't started by an MPI launcher.
  static var isFirstProcess: Bool {
    for name in ["PMI_RANK", "PMIX_RANK", "SLURM_PROCID"] {
      if let rank = environment(name) { return rank == "0" }
    }
    return true
  }

  /// Whether an MPI launcher started several processes.
  static var isOneOfMany: Bool {
    (environment("PMI_SIZE") ?? environment("PMIX_SIZE")).flatMap(Int.init).map { $0 > 1 } ?? false
  }

  /// How many tasks Slurm started in this step, inside a job.
  static var slurmTasks: Int? {
    environment("SLURM_STEP_ID") == nil ? nil : environment("SLURM_NTASKS").flatMap(Int.init)
  }

  /// The Slurm job that this process is in. The number of one of an array's jobs is that of the whole array too, so those go
  /// by two numbers.
  private static var slurmJob: String? {
    if let array = environment("SLURM_ARRAY_JOB_ID"), let task = environment("SLURM_ARRAY_TASK_ID") {
      return "\(array)_\(task)"
    }
    return environment("SLURM_JOB_ID")
  }

  /// Seconds until the Slurm job that this process is in reaches its time limit; `nil` outside of one, or where the
  /// limit is none or its controller doesn't answer.
  static var slurmSecondsLeft: Double? {
    guard let job = slurmJob, job.allSatisfy({ $0.isNumber || $0 == "_" }),
      let answer = popen("timeout 20 squeue --noheader --jobs=\(job) --format=%L 2>/dev/null", "r")
    else { return nil }
    defer { pclose(answer) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), answer) != nil else { return nil }
    let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return TimeSpan(clock: text.filter { !$0.isWhitespace })?.seconds
  }

  /// Whether a person sees standard output (1) or standard error (2): it is a terminal, or it passes through a launcher
  /// whose own is one. Under mpirun a rank's are pipes even in a terminal.
  static func isWatched(_ descriptor: Int32) -> Bool {
    if isatty(descriptor) != 0 { return true }
    var process = getppid()
    for _ in 0..<16 where process > 1 {
      guard let (name, parent) = status(of: process) else { return false }
      if name.hasPrefix("mpiexec") || name.hasPrefix("mpirun") {
        var target = [UInt8](repeating: 0, count: 4096)
        let length = target.withUnsafeMutableBytes {
          readlink("/proc/\(process)/fd/\(descriptor)", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
        }
        let path = String(decoding: target.prefix(max(length, 0)), as: UTF8.self)
        return path.hasPrefix("/dev/pts/") || path.hasPrefix("/dev/tty")
      }
      process = parent
    }
    return false
  }

  /// How many processors this process may run on, which is what the launcher bound it to; `nil` if that isn't known.
  static var processorsAllowed: Int? {
    // "Cpus_allowed:	ff,ffffffff": a bit a processor.
    guard let data = FileManager.default.contents(atPath: "/proc/self/status"),
      let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
    else { return nil }
    return line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount }
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func status(of process: pid_t) -> (name: String, parent: pid_t)? {
    // "PID (name) state parent ..."; the name may hold spaces and parentheses, so it ends at the last one.
    guard
      let data = FileManager.default.contents(atPath: "/proc/\(process)/stat"),
      case let text = String(decoding: data, as: UTF8.self),
      let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
    return (String(text[text.index(after: open)..<close]), parent)
  }
}
