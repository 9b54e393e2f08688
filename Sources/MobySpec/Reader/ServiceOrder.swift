internal import Extents

/// Errors in `after` of services: names that no service has, and services that wait for each other.
struct ServiceOrder {
    private(set) var problems: [Diagnostic] = []
    private let services: [String: ContainerSpec]

    /// - Parameter declared: names of all services, of those with errors too.
    init(_ services: [ContainerSpec], declared: Set<String>) {
        self.services = Dictionary(services.map { ($0.name, $0) }) { first, _ in first }
        for service in services { checkNames(service, declared) }
        let search = CircleSearch(from: services.map(\.name)) { [table = self.services] in
            table[$0]?.options.after ?? []
        }
        search.circles.forEach { checkCircle($0) }
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

    private mutating func checkCircle(_ circle: [String]) {
        guard let name = circle.last, let service = circle.dropLast().last.flatMap({ services[$0] }) else { return }
        let index = service.options.after?.firstIndex(of: name) ?? 0
        let shown = circle.map { "'\(PlainText.short($0))'" }.joined(separator: " after ")
        problems.append(
            Diagnostic(
                at: Self.location(service, index), "services wait for each other: \(shown)", hint: "remove one 'after'")
        )
    }
}
