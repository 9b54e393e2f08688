internal import HTTP

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

        public var projectFacts: APICall { APICall(.compute, "look for project '\(project)'", "GET", "\(base)?fields=name") }
        public var zoneFacts: APICall { APICall(.compute, "look for zone '\(zone)'", "GET", "\(zonal)?fields=name,status") }

        public func machineType(_ name: String) -> APICall {
            APICall(.compute, "look for machine type '\(name)' in \(zone)", "GET", "\(zonal)/machineTypes/\(text(name))?fields=name")
        }

        public func image(_ name: String) -> APICall { APICall(.compute, "look for image '\(name)'", "GET", images + "/" + text(name)) }

        public func insert(_ image: MachineImage) throws -> APICall {
            try APICall(.compute, "create image '\(image.name)'", "POST", images, body: image)
        }

        public func deleteImage(_ name: String) -> APICall {
            APICall(.compute, "delete image '\(name)'", "DELETE", images + "/" + text(name))
        }

        public func instance(_ name: String) -> APICall { APICall(.compute, "look for instance '\(name)'", "GET", path(name)) }

        public func insert(_ instance: Instance) throws -> APICall {
            try APICall(.compute, "create instance '\(instance.name)'", "POST", "\(zonal)/instances", body: instance)
        }

        public func deleteInstance(_ name: String) -> APICall { APICall(.compute, "delete instance '\(name)'", "DELETE", path(name)) }

        public func serialOutput(_ name: String, from position: Int64) -> APICall {
            APICall(.compute, "read the serial port of '\(name)'", "GET", "\(path(name))/serialPort?port=1&start=\(position)")
        }

        func operation(_ name: String, of scope: Scope, _ title: String) -> APICall {
            APICall(.compute, title, "GET", "\(scope == .global ? "\(base)/global" : zonal)/operations/\(text(name))")
        }

        private var zonal: String { "\(base)/zones/\(text(zone))" }
        private var images: String { "\(base)/global/images" }
        private func path(_ instance: String) -> String { "\(zonal)/instances/\(text(instance))" }
        private func text(_ word: String) -> String { WebURL.percentEncoded(word) }
    }

    /// Where an operation is listed.
    public enum Scope: Sendable { case global, zone }
}
