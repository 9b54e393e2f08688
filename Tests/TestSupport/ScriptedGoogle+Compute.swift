internal import Foundation

/// Compute Engine API v1: the fields that it requires, the patterns of names, operations that take their time.
extension ScriptedGoogle {
    func compute(_ request: ScriptedServer.Request, _ path: String, _ query: [String: String], _ state: inout State)
        -> ScriptedServer.Response
    {
        let words = path.split(separator: "/").map(String.init)
        guard words.count >= 4, words[2] == "projects", words[3] == "infoslack-1337" else {
            return .error(404, "notFound", "The resource 'projects/\(words.dropFirst(3).first ?? "")' was not found")
        }
        if request.method != "GET", UUID(uuidString: query["requestId"] ?? "") == nil {
            return complain("no requestId: \(path)", &state)
        }
        let rest = Array(words.dropFirst(4))
        switch (request.method, rest.first, rest.count) {
        case ("GET", nil, _): return .json(["name": "infoslack-1337"])
        case ("GET", "zones", 2):
            return rest[1] == "europe-west1-d" ? .json(["name": rest[1]]) : .error(404, "notFound", "Unknown zone.")
        case ("GET", "zones", 4) where rest[2] == "machineTypes":
            return rest[3] == "g1-small"
                ? .json(["name": rest[3]]) : .error(404, "notFound", "Machine type '\(rest[3])' was not found")
        case ("GET", _, _) where rest.contains("operations"): return operation(rest[rest.count - 1], &state)
        case (_, "global", _): return images(request, rest, &state)
        case (_, "zones", _): return instances(request, rest, query, &state)
        default: return complain("\(request.method) \(path)", &state)
        }
    }

    private func images(_ request: ScriptedServer.Request, _ rest: [String], _ state: inout State)
        -> ScriptedServer.Response
    {
        if request.method == "POST" {
            let image = object(request)
            guard let name = image["name"] as? String, isLabel(name), let raw = image["rawDisk"] as? [String: Any],
                let source = raw["source"] as? String, source.hasPrefix("https://storage.googleapis.com/"),
                let features = image["guestOsFeatures"] as? [[String: String]],
                features.allSatisfy({ ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE"].contains($0["type"]) })
            else { return complain("image \(image)", &state) }
            guard state.images[name] == nil else {
                return .error(409, "alreadyExists", "The resource '\(name)' already exists")
            }
            guard holds(String(source.dropFirst("https://storage.googleapis.com/".count)), state) else {
                return .error(400, "invalid", "The source object '\(source)' is not there")
            }
            return begin("images", name, &state) {
                $0.images[name] = image.merging(["status": "READY"]) { old, _ in old }
            }
        }
        let name = rest[2]
        guard let image = state.images[name] else {
            return .error(404, "notFound", "The resource 'images/\(name)' was not found")
        }
        if request.method == "GET" { return .json(image) }
        return begin("delete images", name, &state) { $0.images[name] = nil }
    }

    private func instances(
        _ request: ScriptedServer.Request, _ rest: [String], _ query: [String: String], _ state: inout State
    ) -> ScriptedServer.Response {
        if request.method == "POST" { return insert(object(request), zone: rest[1], &state) }
        let name = rest[3]
        guard let instance = state.instances[name] else {
            return .error(404, "notFound", "The resource 'instances/\(name)' was not found")
        }
        if rest.count == 5 { return serial(name, Int(query["start"] ?? "") ?? 0, &state) }
        if request.method == "GET" {
            let isOff = state.player?.isOff() ?? false
            return .json(instance.merging(isOff ? ["status": "TERMINATED"] : [:]) { _, new in new })
        }
        return begin("delete instances", name, &state) { $0.instances[name] = nil }
    }

    private func insert(_ instance: [String: Any], zone: String, _ state: inout State) -> ScriptedServer.Response {
        guard let name = instance["name"] as? String, isLabel(name), let type = instance["machineType"] as? String,
            type.hasPrefix("zones/\(zone)/machineTypes/"), let disks = instance["disks"] as? [[String: Any]],
            let first = disks.first?["initializeParams"] as? [String: Any],
            let source = first["sourceImage"] as? String,
            disks.first?["boot"] as? Bool == true, disks.allSatisfy({ $0["autoDelete"] as? Bool == true }),
            let interfaces = instance["networkInterfaces"] as? [[String: Any]], interfaces.count == 1,
            let metadata = instance["metadata"] as? [String: Any], let items = metadata["items"] as? [[String: String]],
            Set(items.map { $0["key"] ?? "" }).count == items.count
        else { return complain("instance \(instance)", &state) }
        guard state.images[String(source.split(separator: "/").last ?? "")] != nil else {
            return .error(404, "notFound", "The resource '\(source)' was not found")
        }
        guard state.instances[name] == nil else {
            return .error(409, "alreadyExists", "The resource '\(name)' already exists")
        }
        return begin("instances", name, &state) {
            $0.instances[name] = instance.merging([
                "status": "RUNNING", "networkInterfaces": [["accessConfigs": [["natIP": "203.0.113.7"]]]],
            ]) { old, new in new }
        }
    }

    private func holds(_ object: String, _ state: State) -> Bool {
        guard let folder = state.folder else { return state.objects[object] != nil }
        return FileManager.default.fileExists(atPath: "\(folder)/\(object)")
    }

    private func serial(_ name: String, _ start: Int, _ state: inout State) -> ScriptedServer.Response {
        if let player = state.player {
            // Whole lines: the last one may still grow.
            let lines = Array(player.console().utf8)
            let end = player.isOff() ? lines.count : (lines.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0)
            let text = String(decoding: lines[min(start, end)..<end], as: UTF8.self)
            return .json(["contents": text, "start": "\(start)", "next": "\(end)"])
        }
        let end = min(start + 12, state.serial.count)
        if end == state.serial.count, state.powersOff { state.instances[name]?["status"] = "TERMINATED" }
        let text = String(decoding: state.serial[min(start, end)..<end], as: UTF8.self)
        return .json(["contents": text, "start": "\(start)", "next": "\(end)"])
    }

    private func begin(_ kind: String, _ name: String, _ state: inout State, _ work: (inout State) -> Void)
        -> ScriptedServer.Response
    {
        state.number += 1
        let id = "operation-\(state.number)"
        state.operations[id] = kind
        // The resource exists at once, even when its operation fails later: as with a machine in a zone without room.
        work(&state)
        return .json(["name": id, "status": "PENDING"])
    }

    private func operation(_ id: String, _ state: inout State) -> ScriptedServer.Response {
        guard let kind = state.operations[id] else { return .error(404, "notFound", "no operation '\(id)'") }
        guard let message = state.failing[kind] else { return .json(["name": id, "status": "DONE"]) }
        return .json([
            "name": id, "status": "DONE", "httpErrorStatusCode": state.failingStatus, "httpErrorMessage": "FORBIDDEN",
            "error": ["errors": [["code": state.failingReason, "message": message]]],
        ])
    }

    private func isLabel(_ name: String) -> Bool { name.wholeMatch(of: /[a-z]([-a-z0-9]{0,61}[a-z0-9])?/) != nil }
}
