import ArgumentParser
import Foundation
import Lesion
import ModelGraph
import Monitoring
import Networks
import OnnxRuntime
import Stimuli

/// Times a judged pass against the bare runtime's.
struct MonitorLatencyCommand: ParsableCommand {
  private struct Report: Encodable {
    var bareMilliseconds: [String: Double] = [:]
    var observedMilliseconds: [String: Double] = [:]
    var judgedMilliseconds: [String: Double] = [:]
    var residentMegabytesBefore = 0.0
    var residentMegabytesAfter = 0.0
  }

  static let configuration = CommandConfiguration(
    commandName: "monitor-latency",
    abstract: "Compare a judged pass of one stimulus with the bare runtime's.",
    discussion: """
      The bare pass, the pass that gives cells too, and the latter with the judgement take turns in one process on one thread. Inputs are \
      ready before. With --soak, as many further stimuli are judged, and memory is compared before and after.
      """)

  @OptionGroup var subject: MonitorSubject

  @Option(help: "Passes of each kind.")
  var rounds = 2000

  @Option(help: "Judged passes whose memory is compared.")
  var soak = 0

  func run() throws {
    let opened = try subject.open(stimuli: 64)
    let network = opened.monitored.network
    let bare = try Session(
      runtime: opened.feed.runtime, model: opened.model.exposing([opened.reference.origin.readout.tensor]).serialized(),
      options: opened.sessionOptions)
    var judge = try opened.judge()
    let inputs = try (0..<opened.feed.stimuli.count).map { try opened.feed.tensors(bare.inputNames, rows: [$0]) }
    let clock = ContinuousClock()
    var times: [[Double]] = [[], [], []]
    func milliseconds(_ body: () throws -> Void) rethrows -> Double {
      let duration = try clock.measure(body)
      return Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) * 1e-15
    }
    for round in 0..<rounds + 100 {
      let input = inputs[round % inputs.count]
      let kinds: [() throws -> Void] = [
        { _ = try bare.run(input) }, { _ = try network.observe(input, rows: 1) },
        { _ = judge.judge(try network.observe(input, rows: 1)[0]) },
      ]
      // Each kind is as often first as last: whatever else the machine does meets all alike.
      for place in 0..<3 {
        let kind = (place + round) % 3
        let time = try milliseconds(kinds[kind])
        if round >= 100 { times[kind].append(time) }
      }
    }
    var report = Report()
    func quantiles(_ times: [Double]) -> [String: Double] {
      let sorted = times.sorted()
      func at(_ share: Double) -> Double { sorted[Int(Double(sorted.count - 1) * share)] }
      return ["p50": at(0.5), "p90": at(0.9), "p99": at(0.99)]
    }
    report.bareMilliseconds = quantiles(times[0])
    report.observedMilliseconds = quantiles(times[1])
    report.judgedMilliseconds = quantiles(times[2])
    report.residentMegabytesBefore = Self.residentMegabytes
    for number in 0..<soak {
      _ = judge.judge(try network.observe(inputs[number % inputs.count], rows: 1)[0])
    }
    report.residentMegabytesAfter = Self.residentMegabytes
    try MonitorSubject.print(report)
  }

  /// Pages of the process that are in memory, from `/proc/self/statm`.
  private static var residentMegabytes: Double {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return text.split(separator: " ").dropFirst().first.flatMap { Double($0) }.map { $0 * 4096 / 1e6 } ?? 0
  }
}
