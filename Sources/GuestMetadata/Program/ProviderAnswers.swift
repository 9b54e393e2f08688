/// The results of several providers.
struct ProviderAnswers {
    let providers: [Provider]
    let results: [ProviderResult?]

    /// Whether ``finding`` will not change any more.
    var isDecided: Bool {
        var hasLocal = false
        for (provider, result) in zip(providers, results) {
            if hasLocal, !provider.isLocal { return true }
            guard let result else { return false }
            guard case .found = result else { continue }
            if !provider.isLocal { return true }
            hasLocal = true
        }
        return true
    }

    /// Why there is none: a line for each reason, with the providers that have it.
    var reasons: [String] {
        var lines: [(names: String, reason: String)] = []
        for (provider, result) in zip(providers, results) {
            guard case .absent(let reason) = result ?? .absent("no answer") else { continue }
            if let index = lines.firstIndex(where: { $0.reason == reason }) {
                lines[index].names += ", \(provider)"
            } else {
                lines.append(("\(provider)", reason))
            }
        }
        return lines.map { "\($0.names): \($0.reason)" }
    }

    /// The metadata of the first that has some; local ones before the next server complete it.
    var finding: Finding? {
        var finding: Finding?
        for (provider, result) in zip(providers, results) {
            if finding != nil, !provider.isLocal { break }
            guard case .found(let next) = result else { continue }
            guard var first = finding else {
                finding = next
                if provider.isLocal { continue }
                break
            }
            // The one with user data names the source.
            if first.userData == nil, next.userData != nil {
                (first.provider, first.origin) = (next.provider, next.origin)
            }
            first.complete(with: next)
            finding = first
        }
        return finding
    }
}
