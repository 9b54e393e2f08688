internal import Extents

/// Errors in `after` of services: names that no service has, and services that wait for each other.
struct ServiceOrder {
    private(set) var problems: [Diagnostic] = []
    private let services: [String: ContainerSpec]
    /// Services whose order is known to be good, or was reported.
    private var seen: Set<String> = []

    /// - Parameter declared: names of all services, of those with errors too.
    init(_ services: [ContainerSpec], declared: Set<String>) {
        self.services = Dictionary(services.map { ($0.name, $0) }) { first, _ in first }
        for service in services { checkNames(service, declared) }
        for service in services { search(service, path: []) }
    }

    private static func location(_ service: ContainerSpec, _ index: Int) -> SourceLocation {
        service.options.locations["after[\(index)]"] ?? service.options.locations["after"] ?? service.location
    }

    private mutating func checkNames(_ service: ContainerSpec, _ declared: Set<String>) {
        let names = declared.union(services.keys)
        for (index, name) in (service.options.after ?? []).enumerated() where !names.contains(name) {
            let others = names.subtracting([service.name]).sorted()
            let guess = Spelling.closest(to: name, in: others).map { "did you mean '\($0)'?" }
            let list = others.isEmpty ? nil : "services: \(others.joined(separator: ", "))"
            problems.append(
                Diagnostic(
                    at: Self.location(service, index),
                    "'after' of service '\(PlainText.short(service.name))' names '\(PlainText.short(name))', but no service has that name",
                    hint: guess ?? list ?? "remove it"))
        }
    }

    /// - Parameter path: the services that lead here, each after the next.
    private mutating func search(_ service: ContainerSpec, path: [String]) {
        guard !seen.contains(service.name) else { return }
        let path = path + [service.name]
        for (index, name) in (service.options.after ?? []).enumerated() {
            if let start = path.firstIndex(of: name) {
                let circle = (path[start...] + [name]).map { "'\(PlainText.short($0))'" }.joined(separator: " after ")
                problems.append(
                    Diagnostic(
                        at: Self.location(service, index), "services wait for each other: \(circle)",
                        hint: "remove one 'after'"))
            } else if let other = services[name] {
                search(other, path: path)
            }
        }
        seen.insert(service.name)
    }
}
