import Foundation
import TestSupport
import Testing

/// Who may import whom, from Package.swift and the imports of all sources.
struct TargetGraphTests {
    private struct Target {
        let name: String
        let section: Section
        let folder: String
        /// Targets of this package only.
        let dependencies: Set<String>
    }

    /// The comments in Package.swift that start a group of targets.
    private enum Section: String, CaseIterable {
        case shims = "System libraries"
        case standards = "Know bytes and standards"
        case product = "Know the product"
        case guest = "The guest"
        case testing = "What only benchmarks"
        case tests = "Tests."
    }

    private let targets: [String: Target]

    init() throws {
        let manifest = try TestFile.text("\(Program.root)/Package.swift")
        let start = try #require(manifest.range(of: "\n    targets: ["))
        var section: Section?
        var statements: [(Section, String)] = []
        for line in manifest[start.upperBound...].split(separator: "\n") {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.hasPrefix("//") {
                section = Section.allCases.first { text.hasPrefix("// \($0.rawValue)") } ?? section
            } else if line.wholeMatch(of: #/ {8}(\.|library\(|tests\().*/#) != nil {
                statements.append((try #require(section), text))
            } else if !statements.isEmpty {
                statements[statements.count - 1].1 += " \(text)"
            }
        }
        let names = Set(statements.compactMap { $0.1.firstMatch(of: /"(\w+)"/).map { String($0.1) } })
        var targets: [String: Target] = [:]
        for (section, text) in statements {
            let name = String(try #require(text.firstMatch(of: /"(\w+)"/)).1)
            let path = text.firstMatch(of: /path: "([^"]+)"/).map { String($0.1) }
            let list = text.firstMatch(of: /\[([^\]]*)\]/).map { String($0.1) } ?? ""
            var dependencies = Set(list.matches(of: /"(\w+)"/).map { String($0.1) }).intersection(names)
            if section == .tests { dependencies.insert("TestSupport") }
            let folder = path ?? (section == .tests ? "Tests/\(name)" : "Sources/\(name)")
            targets[name] = Target(name: name, section: section, folder: folder, dependencies: dependencies)
        }
        self.targets = targets
        #expect(targets.count > 30)
    }

    /// Which groups the targets of a group may depend on.
    private static let allowed: [Section: Set<Section>] = [
        .shims: [.shims],
        .standards: [.standards, .shims],
        .product: [.product, .standards, .shims],
        // And on the leaves that have no Foundation.
        .guest: [.guest, .shims],
        .testing: [.testing, .product, .standards, .shims],
        .tests: Set(Section.allCases).subtracting([.tests]),
    ]

    /// Shared by the product and the guest.
    private static let withoutFoundation: Set<String> = ["BootLayout", "JSON"]

    @Test func groupsDependOnGroupsBelow() throws {
        for target in targets.values {
            let allowed = try #require(Self.allowed[target.section])
            for name in target.dependencies {
                let other = try #require(targets[name])
                let isShared = target.section == .guest && Self.withoutFoundation.contains(name)
                #expect(allowed.contains(other.section) || isShared, "\(target.name) depends on \(name)")
            }
        }
    }

    /// SwiftPM also accepts imports of what a dependency depends on.
    @Test func importsAreDeclaredAndDependenciesImported() throws {
        for target in targets.values {
            let imports = try Self.imports(in: "\(Program.root)/\(target.folder)")
            let known = imports.intersection(targets.keys).subtracting([target.name])
            #expect(known.subtracting(target.dependencies) == [], "not declared for \(target.name)")
            // Tests all get TestSupport.
            let unused = target.dependencies.subtracting(known).subtracting(["TestSupport"])
            #expect(unused == [], "not imported by \(target.name)")
        }
    }

    @Test func guestHasNoFoundation() throws {
        for target in targets.values where target.section == .guest || Self.withoutFoundation.contains(target.name) {
            let imports = try Self.imports(in: "\(Program.root)/\(target.folder)")
            #expect(imports.filter { $0.hasPrefix("Foundation") } == [], "\(target.name)")
        }
    }

    private static func imports(in folder: String) throws -> Set<String> {
        let files = try #require(FileManager.default.enumerator(atPath: folder))
        var imports: Set<String> = []
        for case let file as String in files where file.hasSuffix(".swift") {
            let text = try TestFile.text("\(folder)/\(file)")
            let lines = text.matches(of: #/(?m)^ *(?:@\w+(?:\([^)]*\))? )*(?:\w+ )?import (\w+)$/#)
            imports.formUnion(lines.map { String($0.1) })
        }
        return imports
    }
}
