internal import Extents
public import MobySpec
internal import OCI
internal import Signatures

/// What a policy and a spec show without the images.
extension PolicyCheck {
    /// Images of a spec that the policy would refuse whatever signatures they have, each where the spec names it.
    public func problems(_ spec: Spec) -> [Diagnostic] {
        var seen: Set<String> = []
        return spec.images.compactMap { image in
            let name = ImageProvider.canonical(image.value)
            guard seen.insert(name).inserted, let error = problem(name) else { return nil }
            return Diagnostic(at: image.location, error.description, hint: error.hint)
        }
    }

    private func problem(_ name: String) -> PolicyError? {
        guard let rule = rule(for: name) else { return uncovered(name) }
        guard !rule.rule.accept, Self.reference(name)?.isLocal ?? true else { return nil }
        return refusal(name, rule, ["local images have no signatures"])
    }

    /// Rules that no image can reach, as warnings.
    public var warnings: [Diagnostic] {
        rules.indices.compactMap { index in
            let rule = rules[index].rule
            let earlier = rule.match.compactMap { pattern in
                rules[..<index].first { $0.rule.match.contains { Self.covers($0.value, pattern.value) } }
            }
            guard earlier.count == rule.match.count, let first = earlier.first?.rule.location else { return nil }
            return Diagnostic(
                .warning, at: rule.location,
                "the rule never counts: an earlier one, first on line \(first.line), matches all of its images",
                hint: "the first rule that matches an image counts: put narrow rules before wide ones")
        }
    }

    /// Whether a pattern matches all that another one does: names that stand for the runs of the other one.
    private static func covers(_ pattern: String, _ other: String) -> Bool {
        let runs = ["", "\u{1}", "\u{1}/\u{1}", String(repeating: "\u{1}/", count: 9)]
        return runs.allSatisfy { run in
            ["", "\u{1}"].allSatisfy { short in
                let name = other.replacing("**", with: "\u{2}").replacing("*", with: short)
                return Wildcard.matches(pattern, name.replacing("\u{2}", with: run), separator: "/")
            }
        }
    }
}
