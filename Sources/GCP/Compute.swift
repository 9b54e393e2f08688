public import Cloud
internal import FoundationEssentials
internal import HTTP

/// Compute Engine, API v1: images and machines of a project.
public struct Compute: Sendable {
    let client: GoogleClient
    public let calls: Calls

    public init(_ client: GoogleClient, project: String, zone: String) {
        self.client = client
        calls = Calls(client.endpoints, project: project, zone: zone)
    }

    /// The facts of a machine; nil when it does not exist.
    public func instance(_ name: String) async throws -> InstanceFacts? {
        try await client.find(calls.instance(name), as: InstanceFacts.self)
    }

    /// Begins a change. The call gets a fresh `requestId`: a request that is sent twice is carried out once.
    public func begin(_ call: CloudCall) async throws -> Operation {
        let id = UUID().uuidString.lowercased()
        let unique = CloudCall(
            call.service, call.title, call.method, call.url.replacing(Self.requestID, with: "requestId=\(id)"),
            headers: call.headers, text: call.body)
        return try await client.send(unique, as: Operation.self)
    }

    /// The query of a change; ``begin(_:)`` puts a random UUID in.
    static let requestID = "requestId=UUID"

    /// The output of a machine's first serial port from a position on.
    public func serialOutput(_ instance: String, from position: Int64) async throws -> SerialOutput {
        try await client.send(calls.serialOutput(instance, from: position), as: SerialOutput.self)
    }
}

extension Compute {
    /// The requests.
    public struct Calls: Sendable {
        private let base: String
        public let project: String
        public let zone: String

        public init(_ endpoints: Endpoints, project: String, zone: String) {
            base = "\(endpoints.compute)/projects/\(WebURL.percentEncoded(project))"
            self.project = project
            self.zone = zone
        }

        public var projectFacts: CloudCall {
            CloudCall(.compute, "looking up project '\(project)'", "GET", "\(base)?fields=name")
        }
        public var zoneFacts: CloudCall {
            CloudCall(.compute, "looking up zone '\(zone)'", "GET", "\(zonal)?fields=name,status")
        }

        public func machineType(_ name: String) -> CloudCall {
            CloudCall(
                .compute, "looking up machine type '\(name)' in \(zone)", "GET",
                "\(zonal)/machineTypes/\(text(name))?fields=name")
        }

        public func image(_ name: String) -> CloudCall {
            CloudCall(.compute, "looking up image '\(name)'", "GET", images + "/" + text(name))
        }

        public func insert(_ image: MachineImage) throws -> CloudCall {
            try CloudCall(
                .compute, "creating image '\(image.name)'", "POST", "\(images)?\(Compute.requestID)", body: image)
        }

        public func deleteImage(_ name: String) -> CloudCall {
            CloudCall(
                .compute, "deleting image '\(name)'", "DELETE",
                "\(images)/\(text(name))?\(Compute.requestID)")
        }

        public func instance(_ name: String) -> CloudCall {
            CloudCall(.compute, "looking up instance '\(name)'", "GET", path(name))
        }

        public func insert(_ instance: Instance) throws -> CloudCall {
            try CloudCall(
                .compute, "creating instance '\(instance.name)' in \(zone)", "POST",
                "\(zonal)/instances?\(Compute.requestID)", body: instance)
        }

        public func deleteInstance(_ name: String) -> CloudCall {
            CloudCall(.compute, "deleting instance '\(name)'", "DELETE", "\(path(name))?\(Compute.requestID)")
        }

        public func serialOutput(_ name: String, from position: Int64) -> CloudCall {
            CloudCall(
                .compute, "reading the serial port of '\(name)'", "GET",
                "\(path(name))/serialPort?port=1&start=\(position)")
        }

        func operation(_ name: String, of scope: Scope, _ title: String) -> CloudCall {
            CloudCall(.compute, title, "GET", "\(scope == .global ? "\(base)/global" : zonal)/operations/\(text(name))")
        }

        private var zonal: String { "\(base)/zones/\(text(zone))" }
        private var images: String { "\(base)/global/images" }
        private func path(_ instance: String) -> String { "\(zonal)/instances/\(text(instance))" }
        private func text(_ word: String) -> String { WebURL.percentEncoded(word) }
    }

    /// Where an operation is listed.
    public enum Scope: Sendable { case global, zone }
}

extension Compute {
    /// Polls a change until it ends, less and less often.
    /// - Throws: ``GoogleError`` when it failed, or did not end in time.
    public func wait(
        for operation: Operation, in scope: Scope, _ title: String, limit: Duration = .seconds(600),
        progress: (@Sendable (Int) -> Void)? = nil
    ) async throws {
        var current = operation
        var (waited, pause) = (Duration.zero, Duration.seconds(1))
        while !current.isDone {
            guard waited < limit else {
                throw GoogleError(
                    title, "not done after \(limit.components.seconds) s",
                    hint: "see: gcloud compute operations describe \(current.name)")
            }
            try await client.retries.sleep(pause)
            waited += pause
            pause = min(pause * 3 / 2, .seconds(10))
            current = try await client.send(calls.operation(current.name, of: scope, title), as: Operation.self)
            if let percent = current.progress { progress?(percent) }
        }
        if let problem = current.error(title) { throw problem }
    }

    /// Makes a change and waits for its end.
    public func run(_ call: CloudCall, in scope: Scope, limit: Duration = .seconds(600)) async throws {
        try await wait(for: try await begin(call), in: scope, call.title, limit: limit)
    }
}
