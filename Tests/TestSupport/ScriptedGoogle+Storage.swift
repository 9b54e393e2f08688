internal import Extents
internal import Foundation
internal import GCP

/// Cloud Storage JSON API v1: buckets, objects, resumable uploads.
extension ScriptedGoogle {
    func storage(_ request: ScriptedServer.Request, _ path: String, _ query: [String: String], _ state: inout State)
        -> ScriptedServer.Response
    {
        let words = path.split(separator: "/").map { $0.removingPercentEncoding ?? "" }
        switch (request.method, words.count) {
        case ("PUT", 2) where words[0] == "session": return put(request, words[1], &state)
        case ("DELETE", 2) where words[0] == "session":
            return state.uploads.removeValue(forKey: words[1]) == nil ? .init(404) : .init(499)
        case ("POST", 6) where words[0] == "upload": return begin(request, bucket: words[4], query, &state)
        case ("POST", 3): return makeBucket(request, query, &state)
        case ("DELETE", 4):
            return state.buckets.remove(words[3]) == nil ? .error(404, "notFound", "Not Found") : .init(204, text: "")
        case ("GET", 4):
            return state.buckets.contains(words[3])
                ? .json(["name": words[3]]) : .error(404, "notFound", "The specified bucket does not exist.")
        case ("GET", 6) where words[4] == "iam":
            return .json(["permissions": Storage.permissions])
        case ("GET", 6):
            guard let bytes = state.objects["\(words[3])/\(words[5])"] else {
                return .error(404, "notFound", "No such object")
            }
            return .json(facts("\(words[3])/\(words[5])", bytes))
        case ("POST", 7) where words[6] == "acl":
            guard object(request) as? [String: String] == ["entity": "allUsers", "role": "READER"] else {
                return complain("access list", &state)
            }
            return state.objects["\(words[3])/\(words[5])"] == nil
                ? .error(404, "notFound", "No such object") : .json(["role": "READER"])
        case ("DELETE", 6):
            return state.objects.removeValue(forKey: "\(words[3])/\(words[5])") == nil
                ? .error(404, "notFound", "No such object") : .init(204, text: "")
        default: return complain("\(request.method) \(path)", &state)
        }
    }

    private func makeBucket(_ request: ScriptedServer.Request, _ query: [String: String], _ state: inout State)
        -> ScriptedServer.Response
    {
        guard query["project"] != nil, let name = object(request)["name"] as? String else {
            return complain("bucket", &state)
        }
        state.buckets.insert(name)
        return .json(["name": name])
    }

    private func begin(
        _ request: ScriptedServer.Request, bucket: String, _ query: [String: String], _ state: inout State
    ) -> ScriptedServer.Response {
        guard query["uploadType"] == "resumable", let name = query["name"], object(request)["name"] as? String == name,
            let total = request.headers["x-upload-content-length"].flatMap({ Int($0) })
        else { return complain("upload \(query)", &state) }
        guard state.buckets.contains(bucket) else {
            return .error(404, "notFound", "The specified bucket does not exist.")
        }
        state.number += 1
        state.uploads["u\(state.number)"] = ("\(bucket)/\(name)", [], total)
        return .init(200, headers: ["Location": "/session/u\(state.number)"], text: "")
    }

    private func put(_ request: ScriptedServer.Request, _ id: String, _ state: inout State) -> ScriptedServer.Response {
        guard var upload = state.uploads[id] else { return .init(410, text: "") }
        let start = upload.bytes.count
        let range = request.headers["content-range"] ?? ""
        if range == "bytes */\(upload.total)" { return incomplete(upload.bytes.count) }
        let length = request.headers["content-length"].flatMap { Int($0) } ?? 0
        guard range == "bytes \(start)-\(start + length - 1)/\(upload.total)" else {
            return complain("Content-Range \(range)", &state)
        }
        // When the connection is cut, whole units of 256 KiB are kept.
        upload.bytes +=
            request.body.count == length ? request.body[...] : request.body.prefix(request.body.count & ~0x3_FFFF)
        state.uploads[id] = upload
        guard upload.bytes.count == upload.total else { return incomplete(upload.bytes.count) }
        state.uploads[id] = nil
        state.objects[upload.object] = upload.bytes
        return .json(facts(upload.object, upload.bytes))
    }

    private func incomplete(_ count: Int) -> ScriptedServer.Response {
        .init(308, headers: count > 0 ? ["Range": "bytes=0-\(count - 1)"] : [:], text: "")
    }

    private func facts(_ name: String, _ bytes: [UInt8]) -> [String: Any] {
        var check = CRC32C()
        bytes.withUnsafeBytes { check.update($0) }
        let sum = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: check.value >> UInt32($0)) }
        let parts = name.split(separator: "/", maxSplits: 1)
        return [
            "bucket": String(parts[0]), "name": String(parts[1]), "size": "\(bytes.count)",
            "crc32c": Data(sum).base64EncodedString(),
        ]
    }

    func object(_ request: ScriptedServer.Request) -> [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any] ?? [:]
    }

    func complain(_ text: String, _ state: inout State) -> ScriptedServer.Response {
        state.problems.append(text)
        return .error(400, "invalid", text)
    }
}
