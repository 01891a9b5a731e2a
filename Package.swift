// swift-tools-version: 6.2
import PackageDescription

// The manifest reads as the map of the program. A module imports only from the floors below its own.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// For modules whose unsafe steps are all marked as such.
let strict = settings + [.strictMemorySafety()]

/// A module of the program, with its test target's settings alike.
func module(
  _ name: String, imports dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = settings
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ module: String, imports dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: module + "Tests", dependencies: [.init(stringLiteral: module)] + dependencies,
    swiftSettings: settings)
}

let package = Package(
  name: "nn-fmri",
  products: [
    .executable(name: "nnfmri-mpi", targets: ["nnfmri-mpi"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    .package(url: "https://github.com/swiftcsv/SwiftCSV", exact: "0.10.0"),
  ],
  targets: [
    // Floor 0: C libraries, each seen by one module.
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CFileRange"),
    .systemLibrary(name: "CMPI", pkgConfig: "mpich", providers: [.apt(["libmpich-dev"])]),
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-serial-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "minizip", providers: [.apt(["libminizip-dev"])]),
    .systemLibrary(name: "CMessageDigest", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CEDF", providers: [.apt(["libedf-dev"])]),
    .systemLibrary(name: "CNifti", providers: [.apt(["libnifti2-dev", "zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "COnnxRuntime"),
    .target(
      name: "CBuild", cSettings: [.define("NNFMRI_COMMIT", to: Context.environment["NNFMRI_COMMIT"] ?? "")]),
    .target(name: "CSpecialFunctions"),
    .target(name: "CFourier"),
    .target(name: "CPhantomNetwork", exclude: ["phantom.onnx"]),
    .target(
      name: "CReportTemplates",
      exclude: [
        "report.mustache", "reading.mustache", "layer.mustache", "figure.mustache", "connectome.mustache", "contrast.mustache",
        "stream.mustache",
        "report.css",
        "report.js", "stimuli.js",
      ]),

    // Errors that are told to users: an exit code and a sentence.
    module("UserErrors"),

    // Floor 1: foundations, each of which knows one thing and no scan.
    module("MPI", imports: ["CMPI"]),
    module("OnnxRuntime", imports: ["COnnxRuntime", "UserErrors"]),
    .target(
      name: "ModelGraph", dependencies: ["UserErrors", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["Proto/onnx.proto"], swiftSettings: settings),
    module("Files", imports: ["CFileRange", "CMalloc", "CMessageDigest", "UserErrors"]),
    module("Arrays", imports: ["CZip", "Files"]),
    module("Images", imports: ["CJPEG", "CPNG"], settings: strict),
    module("Random", settings: strict),
    module("Statistics", imports: ["CBLAS", "CSpecialFunctions", "Grids", "Random"], settings: strict),
    module("Grids", imports: ["Random", "UserErrors"]),

    // Floor 2: what is measured.
    module("Shapley", imports: ["CBLAS", "Grids", "Random", "Statistics", "UserErrors"], settings: strict),
    module(
      "Stimuli",
      imports: ["Arrays", "Files", "Images", "Random", "UserErrors", .product(name: "SwiftCSV", package: "SwiftCSV")],
      settings: strict),
    module("Anatomy", imports: ["Grids", "Random", "Statistics"], settings: strict),
    module("Lesion", imports: ["UserErrors"]),
    module(
      "Tractography", imports: ["Random", "Statistics", .product(name: "HeapModule", package: "swift-collections")]),
    module("Temporal", imports: ["CFourier", "Random", "Statistics"], settings: strict),
    module(
      "Networks",
      imports: [
        "Arrays", "Files", "Grids", "Lesion", "ModelGraph", "OnnxRuntime", "Random", "Stimuli", "Tractography", "UserErrors",
      ]),
    module(
      "Phantom", imports: ["Arrays", "CPhantomNetwork", "Files", "Grids", "ModelGraph", "Random", "Shapley", "Stimuli"],
      settings: strict),

    // Floor 3: a scan, apart from what runs it.
    module("Distribution", imports: ["Files", "UserErrors"]),
    module(
      "ScanPlan",
      imports: ["Files", "Grids", "Lesion", "ModelGraph", "Random", "Shapley", "Statistics", "Temporal", "UserErrors"]),
    module(
      "ScanStore",
      imports: ["Anatomy", "Arrays", "Distribution", "Files", "ScanPlan", "Shapley", "Stimuli", "Temporal", "UserErrors"]),
    module(
      "ScanResults",
      imports: [
        "Anatomy", "Arrays", "Distribution", "Files", "Grids", "Lesion", "ScanPlan", "ScanStore", "Shapley", "Statistics",
        "Stimuli",
        "Temporal", "Tractography", "UserErrors",
      ]),

    // What is normal of a network, and whether what it does is: knows neither MPI nor HTTP.
    module(
      "Monitoring",
      imports: [
        "Arrays", "Distribution", "Files", "Grids", "Lesion", "ModelGraph", "Networks", "OnnxRuntime", "Random", "Statistics",
        "Stimuli", "Temporal", "UserErrors",
      ]),

    // Floor 4: the monitor as a server of its network: the only one that knows HTTP.
    .target(name: "CServerPage", exclude: ["live.html"]),
    module(
      "Serving",
      imports: [
        "CServerPage", "Distribution", "Files", "Grids", "ModelGraph", "Monitoring", "OnnxRuntime", "Temporal", "UserErrors",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
      ]),

    // The distributed scan; and its files, which need neither ranks nor sessions.
    module(
      "Scan",
      imports: [
        "Anatomy", "Arrays", "Distribution", "Files", "Grids", "Lesion", "MPI", "ModelGraph", "Networks", "OnnxRuntime", "Random",
        "ScanPlan", "ScanResults", "ScanStore", "Shapley", "Statistics", "Stimuli", "Temporal", "Tractography", "UserErrors",
      ]),
    module(
      "Reporting",
      imports: [
        "Anatomy", "Arrays", "Files", "Grids", "Lesion", "ScanPlan", "ScanResults", "ScanStore", "Shapley", "Statistics",
        "Stimuli",
        "Temporal", "Tractography", "UserErrors", "CEDF", "CNifti", "CPNG", "CReportTemplates",
        .product(name: "Mustache", package: "swift-mustache"),
      ]),

    // Floor 5: the command.
    .executableTarget(
      name: "nnfmri-mpi",
      dependencies: [
        "Anatomy", "Arrays", "CBuild", "Distribution", "Files", "Grids", "Lesion", "MPI", "ModelGraph", "Monitoring", "Networks",
        "Phantom", "Reporting", "Scan", "ScanPlan",
        "ScanResults", "ScanStore", "Serving", "Shapley", "Statistics", "Stimuli", "Temporal", "UserErrors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/benchmark and Scripts/benchmark-estimators run; no product, so it isn't installed.
    .executableTarget(
      name: "nnfmri-benchmark",
      dependencies: [
        "Anatomy", "Arrays", "Files", "Grids", "Lesion", "ModelGraph", "Monitoring", "Networks", "OnnxRuntime", "Random",
        "Reporting", "Shapley", "Statistics", "Stimuli", "UserErrors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/simulate-scale runs.
    .executableTarget(
      name: "nnfmri-simulate",
      dependencies: [
        "Anatomy", "Distribution", "Files", "MPI", "Reporting", "Scan", "ScanPlan", "ScanResults", "ScanStore", "Shapley",
        "UserErrors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/fuzz runs.
    .executableTarget(
      name: "nnfmri-fuzz",
      dependencies: [
        "Arrays", "Lesion", "ModelGraph", "Networks", "OnnxRuntime", "Random", "Reporting", "ScanResults", "ScanStore", "Stimuli",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    // What Scripts/validate runs.
    .executableTarget(
      name: "nnfmri-validate",
      dependencies: [
        "Files", "Grids", "Phantom", "Random", "Reporting", "ScanPlan", "ScanResults", "Shapley", "Statistics", "Temporal",
        "UserErrors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Tests: one target a module, on a floor of their own.
    .target(
      name: "TestSupport", dependencies: ["Arrays", "Files", "ModelGraph", "OnnxRuntime", "Random", "Stimuli"],
      path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("ModelGraph"),
    tests("OnnxRuntime", imports: ["ModelGraph", "TestSupport", "UserErrors"]),
    tests("Grids", imports: ["Random", "Shapley", "TestSupport"]),
    tests("Random", imports: ["Grids"]),
    tests("Statistics", imports: ["Grids", "Random", "TestSupport"]),
    tests("Shapley", imports: ["Grids", "Random", "Statistics", "TestSupport"]),
    tests("Images", imports: ["TestSupport"]),
    tests("Stimuli", imports: ["Arrays", "Files", "Images", "TestSupport"]),
    tests("Anatomy", imports: ["Grids", "Random"]),
    .testTarget(
      name: "TemporalTests", dependencies: ["Random", "Shapley", "Statistics", "Temporal"], exclude: ["oracle.json"],
      swiftSettings: settings),
    tests(
      "Phantom",
      imports: ["Arrays", "Files", "Grids", "ModelGraph", "OnnxRuntime", "Random", "Shapley", "Stimuli", "TestSupport"]),
    tests("Lesion", imports: ["TestSupport"]),
    tests(
      "Networks",
      imports: [
        "Anatomy", "Arrays", "Files", "Grids", "Lesion", "ModelGraph", "OnnxRuntime", "Random", "Shapley", "Stimuli",
        "TestSupport", "UserErrors",
      ]),
    tests(
      "Tractography",
      imports: [
        "Anatomy", "Arrays", "Files", "Grids", "Lesion", "ModelGraph", "Networks", "OnnxRuntime", "Phantom", "Random", "Shapley",
        "Statistics", "Stimuli", "TestSupport",
      ]),
    tests("Distribution", imports: ["Files", "UserErrors"]),
    tests("ScanPlan", imports: ["Lesion", "ModelGraph", "Shapley", "UserErrors"]),
    .testTarget(
      name: "ReportingTests",
      dependencies: [
        "Anatomy", "Distribution", "Files", "Grids", "Lesion", "ModelGraph", "Reporting", "ScanPlan", "ScanResults", "ScanStore",
        "Shapley",
        "TestSupport",
      ],
      exclude: ["golden"], swiftSettings: settings),
    tests("ScanStore", imports: ["Distribution", "Lesion", "ModelGraph", "ScanPlan", "Shapley", "TestSupport", "UserErrors"]),
    tests(
      "Monitoring",
      imports: [
        "Arrays", "Files", "Grids", "ModelGraph", "Networks", "OnnxRuntime", "Random", "Stimuli", "TestSupport", "UserErrors",
      ]),
    tests(
      "Serving",
      imports: ["Arrays", "Distribution", "Files", "Grids", "ModelGraph", "Monitoring", "Stimuli", "TestSupport", "UserErrors"]),
    tests("ScanResults", imports: ["ScanPlan", "Shapley", "Statistics", "TestSupport"]),
    tests(
      "Scan",
      imports: [
        "Files", "Grids", "Lesion", "ModelGraph", "Networks", "OnnxRuntime", "ScanPlan", "Shapley", "Stimuli", "TestSupport",
        "UserErrors",
      ]),
    .testTarget(
      name: "DistributedTests",
      dependencies: [
        "Arrays", "Files", "Grids", "ModelGraph", "nnfmri-mpi", "nnfmri-benchmark", "Phantom", "Shapley", "Stimuli",
        "TestSupport",
      ],
      exclude: ["attributions.json"], swiftSettings: settings),
  ]
)
