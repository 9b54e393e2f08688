// swift-tools-version:6.1
import PackageDescription

let swift: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Starts fast: relocations are packed, nothing is exported. Libraries of a relocatable installation are in `lib/moby`.
let programLink: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xclang-linker", "-static-libgcc"]
            + [
                "--no-export-dynamic", "-z", "pack-relative-relocs", "-z", "nostart-stop-gc",
                "-rpath", "$ORIGIN/../lib/moby",
            ].flatMap { ["-Xlinker", $0] },
        .when(configuration: .release))
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: swift)
}

/// Golden files are read where they lie.
func tests(_ name: String, _ dependencies: [Target.Dependency], golden: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: golden, swiftSettings: swift)
}

let package = Package(
    name: "moby",
    products: [
        .executable(name: "moby", targets: ["moby"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        // System libraries and thin C shims.
        .target(name: "CLinux", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CInit", cSettings: [.define("_GNU_SOURCE")]),
        .target(name: "CVersion"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
        // Loads libcurl when it is first used; needs its headers (Debian: libcurl4-openssl-dev).
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("dl")]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // Know bytes and standards, not the product.
        library("JSON", []),
        library("Progress", []),
        library("Extents", ["CLinux", "CCrypto", systemPackage]),
        library("MachineModel", []),
        library("Signatures", ["Extents", "JSON", "CCrypto", subprocess]),
        library("Archive", ["Extents", "CArchive", "CZlib", "CISAL", "CZstd"]),
        library("HTTP", ["Extents", "CCurl"]),
        library("Cloud", ["Extents", "Progress", "CLinux"]),
        library("GCP", ["MachineModel", "Cloud", "HTTP", "Signatures", "Extents", "Progress"]),
        library("DiskImage", ["Extents", "Archive", "Signatures", "CZlib", "CLZ4"]),
        library("Attest", ["Extents", "JSON"]),
        library("OCI", ["MachineModel", "Extents", "Archive", "HTTP", "JSON", "Progress", subprocess]),

        // Know the product.
        library("BootLayout", ["JSON"]),
        library("MobySpec", ["CYAML", "OCI", "MachineModel", "BootLayout", "Extents", "JSON"]),
        library(
            "MobyBuild",
            [
                "Attest", "MachineModel", "MobySpec", "OCI", "Signatures", "Archive", "DiskImage", "Extents",
                "BootLayout", "JSON",
                "Progress",
            ]),
        library(
            "MobyPackage",
            [
                "Attest", "MobySpec", "MobyBuild", "OCI", "Archive", "Extents", "JSON", "Progress", "CArchive",
                subprocess,
            ]),
        library("MobyInspect", ["MachineModel", "DiskImage", "Archive", "Extents"]),
        library(
            "MobyRun",
            [
                "MachineModel", "MobySpec", "MobyBuild", "BootLayout", "Cloud", "GCP", "HTTP", "DiskImage", "Archive",
                "Extents", "CLinux",
            ]),
        library(
            "MobyTest", ["MobyRun", "MobyBuild", "MobySpec", "BootLayout", "MachineModel", "HTTP", "Extents"]),
        .executableTarget(
            name: "moby",
            dependencies: [
                "MobyTest", "MobyRun", "MachineModel", "MobyInspect", "Cloud", "HTTP", "MobyPackage",
                "MobyBuild", "MobySpec", "BootLayout", "OCI", "Signatures",
                "Archive", "Extents", "JSON", "Progress", "CLinux", "CVersion", "CArchive", "CCrypto", "CISAL", "CLZ4",
                "CYAML",
                "CZlib", "CZstd", argumentParser, subprocess,
            ],
            swiftSettings: swift, linkerSettings: programLink),

        // The guest, for tests; `.ci/guest` makes its programs.
        .target(name: "GuestSystem", dependencies: ["CInit"], swiftSettings: swift),
        .target(
            name: "GuestInit", dependencies: ["GuestSystem", "BootLayout", "JSON", "CInit"], swiftSettings: swift),
        .target(name: "GuestYAML", swiftSettings: swift),
        .target(
            name: "GuestMetadata", dependencies: ["GuestSystem", "GuestYAML", "JSON", "CInit", "CZlib"],
            swiftSettings: swift),

        // What only benchmarks, fuzzing and tests use lies with the tests.
        .executableTarget(
            name: "bench", dependencies: ["Archive", "Extents"], path: "Tests/BenchProgram", swiftSettings: swift),
        .systemLibrary(name: "CFuzzer", path: "Tests/CFuzzer"),
        library(
            "Fuzzing",
            [
                "TestSupport", "MobyInspect", "MobyBuild", "MobySpec", "OCI", "Signatures", "BootLayout", "DiskImage",
                "Archive", "Extents", "JSON", "CZlib",
            ],
            path: "Tests/Fuzzing"),
        .executableTarget(
            name: "fuzz", dependencies: ["Fuzzing", "MobyInspect", "Extents", "CFuzzer"], path: "Tests/FuzzProgram",
            swiftSettings: swift),
        library(
            "TestSupport",
            ["MobyRun", "GCP", "HTTP", "OCI", "DiskImage", "Archive", "Extents", "Progress", subprocess],
            path: "Tests/TestSupport"),

        // Tests.
        tests("ExtentsTests", ["Extents", "CLinux"]),
        tests("MachineModelTests", ["MachineModel"]),
        tests("SignaturesTests", ["Signatures", "Extents"], golden: ["authority.py"]),
        tests("FuzzingTests", ["Fuzzing", "Extents"], golden: ["Artifacts", "Corpus"]),
        tests("ArchiveTests", ["Archive", "Extents"]),
        tests("DiskImageTests", ["DiskImage", "Signatures", "Archive", "Extents"]),
        tests("OCITests", ["OCI", "HTTP", "Archive", "Extents", "JSON", "Progress", "MobyRun"]),
        tests("CloudTests", ["Cloud"]),
        tests("GCPTests", ["Cloud", "GCP", "HTTP", "Extents", "CLinux"]),
        tests("JSONTests", ["JSON"]),
        tests("AttestTests", ["Attest", "Extents", "JSON"]),
        tests("BootLayoutTests", ["BootLayout", "JSON"]),
        tests("MobySpecTests", ["MobySpec", "BootLayout", "JSON"], golden: ["Golden"]),
        tests(
            "MobyBuildTests",
            [
                "MachineModel", "MobyBuild", "MobyInspect", "MobySpec", "OCI", "Archive", "DiskImage", "Extents",
                "BootLayout", "JSON",
            ],
            golden: ["Golden"]),
        tests("MobyInspectTests", ["MobyInspect", "DiskImage", "Archive", "Extents"]),
        tests("MobyPackageTests", ["MobyPackage", "MobyBuild", "MobySpec", "OCI", "Archive", "Extents", "JSON"]),
        tests(
            "MobyRunTests",
            [
                "MachineModel", "MobyRun", "MobyBuild", "BootLayout", "Cloud", "GCP", "HTTP", "DiskImage", "Archive",
                "Extents",
            ],
            golden: ["Golden"]),
        tests("MobyTestTests", ["MobyTest", "MobySpec", "MachineModel"]),
        tests("GuestInitTests", ["GuestInit", "GuestSystem", "BootLayout", "CInit"]),
        tests("GuestYAMLTests", ["GuestYAML", "CYAML"]),
        tests("GuestMetadataTests", ["GuestMetadata", "GuestSystem"]),
        tests(
            "CommandTests", ["moby", "OCI", "Archive", "DiskImage", "Extents", "JSON", "Progress", argumentParser],
            golden: ["Golden"]),
        tests("BootTests", ["OCI", "MobyRun"], golden: ["Images"]),
    ],
    swiftLanguageModes: [.v6]
)
