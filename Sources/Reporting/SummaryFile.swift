import Anatomy
import Grids
import Lesion
import ScanPlan
import ScanResults
import ScanStore
import Shapley
import Temporal

/// `scan.json`: what was done, with what, and how long it took.
enum SummaryFile {
  /// The same while the other files of what was measured are being written anew.
  static func unfinishedContent(_ result: ScanResult) throws -> JSONValue {
    guard case .object(var fields) = try content(result) else { preconditionFailure("a summary is an object") }
    fields["complete"] = .bool(false)
    fields["measured"] = .bool(true)
    return .object(fields)
  }

  static func content(_ result: ScanResult) throws -> JSONValue {
    let (plan, request) = (result.plan, result.request)
    let arithmetic = ArithmeticVersions(designs: plan.designVersion, estimators: result.layers.map(\.estimator.name))
    return [
      "program": "nnfmri-mpi",
      "complete": true,
      "versions": .object(result.run.versions.byName.mapValues(JSONValue.string)),
      "arithmetic": [
        "designs": .int(arithmetic.designs), "estimators": .object(arithmetic.estimators.mapValues(JSONValue.int)),
      ],
      "instruction_sets": .array(result.run.instructionSets.map(JSONValue.string)),
      "plan_sha256": .string(try plan.digest()),
      "model": model(result),
      "stimuli": stimuli(result),
      "lesion_file": plan.lesionDigest.map {
        ["file": .string(request.measurement.lesionFile ?? ""), "sha256": .string($0)]
      } ?? .null,
      "value_file": plan.valueDigest.map {
        ["file": .string(request.measurement.value.file ?? ""), "sha256": .string($0)]
      } ?? .null,
      "frozen": plan.frozenPart.map { ["tensor": .string($0.tensor), "units": .int($0.units)] } ?? .null,
      "stream": stream(result),
      "options": [
        "measurement": .object(request.decisiveOptions.mapValues(JSONValue.string)),
        "analysis": .object(request.analysis.byName.mapValues(JSONValue.string)),
      ],
      "batch": .int(plan.batch),
      "layers": .array(result.layers.map { layer($0, of: result) }),
      "refused_layers": .array(
        plan.refusals.map { ["tensor": .string($0.tensor), "reason": .string($0.reason)] }),
      "notes": .array(plan.notes.map(JSONValue.string)),
      "tracts": result.tracts.map { TractSummary(result, $0).content } ?? .null,
      "pruning_candidates": PruningSummary(result).content,
      "skipped_series": .int(result.skippedSeries),
      "evaluations": .int(result.evaluations),
      "gradient_passes": .int(result.gradientPasses),
      "earlier_passes": .int(result.run.earlierPasses),
      "evaluations_per_second": .double(result.evaluationsPerSecond),
      "ranks": .int(result.run.ranks),
      "timings_seconds": .object(
        Dictionary(result.run.timings.map { ($0.phase, .double($0.seconds)) }, uniquingKeysWith: { first, _ in first })),
      "idle_share": .object(result.run.idleShares.mapValues { .array($0.map(JSONValue.double)) }),
      "checkpoint_seconds": .double(result.run.checkpointSeconds),
    ]
  }

  private static func model(_ result: ScanResult) -> JSONValue {
    let (plan, request) = (result.plan, result.request)
    var entries: [String: JSONValue] = [
      "file": .string(request.subject.model),
      "sha256": .string(plan.modelDigest),
      "output": .string(plan.readout.output),
      "read_tensor": .string(plan.readTensor),
      "class_axis": plan.readout.classAxis.map { .int($0) } ?? .null,
      "positions": JSONValue(plan.readout.positions),
      "output_shape": JSONValue(plan.outputShape),
      "batch_axis_freed": .bool(plan.isBatchFreed),
    ]
    if let unmasked = plan.readout.unmasked { entries["unmasked_positions"] = JSONValue(unmasked.map(\.count)) }
    return .object(entries)
  }

  private static func stimuli(_ result: ScanResult) -> JSONValue {
    let (plan, request) = (result.plan, result.request)
    return [
      "file": .string(request.subject.data),
      "sha256": .string(plan.dataDigest),
      "count": .int(plan.stimulusCount),
      "places": JSONValue(plan.stimulusPlaces),
      "targets": JSONValue(result.targets),
      "predictions": JSONValue(result.predictions),
      "labels": result.labels.map { JSONValue($0) } ?? .null,
      "clusters": request.analysis.clusters.map { JSONValue($0.numbers(ofStimuli: plan.stimulusPlaces)) } ?? .null,
    ]
  }

  private static func layer(_ layer: ScanResult.Layer, of result: ScanResult) -> JSONValue {
    [
      "layer": .string("layer_\(layer.plan.number)"),
      "tensor": .string(layer.plan.tensor),
      "operator": .string(layer.plan.operatorType),
      "shape": JSONValue(Array(layer.plan.shape.dropFirst())),
      "layout": .string(layer.plan.layout),
      "kind": .string(layer.plan.kind),
      "grid": JSONValue(layer.plan.grid),
      "regions": .int(layer.plan.regionCount),
      "estimator": .string(layer.estimator.name.rawValue),
      "batch": .int(layer.plan.batch),
      "evaluations_per_series": .int(layer.plan.rows),
      "evaluations": .int(result.evaluations(layer)),
      "cost_share": .double(layer.plan.suffixCostShare),
      "cut_deviation": .double(layer.cutDeviation),
      "critical_regions": .int(layer.statistics.isCritical.count { $0 }),
    ]
  }

  /// `nil` where the stimuli are no stream.
  private static func stream(_ result: ScanResult) -> JSONValue {
    guard let wanted = result.request.measurement.stream, let count = result.plan.streamCount,
      let scanned = result.plan.streamStimuli, let windows = result.timeCourse?.windows
    else { return .null }
    let reference = wanted.temporal.reference(samples: count)
    return [
      "count": .int(count),
      "scanned": JSONValue(scanned),
      "window": .int(windows.length),
      "step": .int(windows.step),
      "window_stimuli": .int(wanted.windowStimuli),
      "sampling_rate_hz": .double(wanted.temporal.samplingRate),
      "segment": JSONValue(wanted.temporal.segment),
      "overlap": .double(wanted.temporal.overlap),
      "reference": [.int(reference.lowerBound), .int(reference.upperBound)],
      "false_alarms": .double(wanted.temporal.falseAlarmRate),
    ]
  }
}
