#if COVERAGE_GUIDED
  import Glibc

  /// The same readers behind libFuzzer, which changes files towards code that it hasn't reached yet. Built with
  /// `-Xswiftc -sanitize=fuzzer -Xswiftc -DCOVERAGE_GUIDED`; options are libFuzzer's own.
  ///
  /// The first byte of an input chooses the reader, the rest is the file.
  @main
  enum CoverageGuided {
    nonisolated(unsafe) static var targets: [any FuzzTarget] = []
    nonisolated(unsafe) static var folder = ""

    static func main() {
      folder = getenv("NNFMRI_FUZZ_FOLDER").map { String(cString: $0) } ?? "/dev/shm"
      targets = StimulusTargets.all
      var count = CommandLine.argc
      var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
      exit(runDriver(&count, &arguments, readOne))
    }

    private static let readOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
      guard let bytes, count > 0 else { return 0 }
      let target = targets[Int(bytes[0]) % targets.count]
      let path = "\(folder)/nnfmri-fuzz-\(getpid()).\(target.fileExtension)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      guard descriptor >= 0 else { return 0 }
      _ = write(descriptor, bytes + 1, count - 1)
      close(descriptor)
      try? target.read(path)
      unlink(path)
      return 0
    }
  }

  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ readOne: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
  ) -> CInt
#endif
