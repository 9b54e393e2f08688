internal import GCP

extension GCPWork {
    /// Deletes the machine that had its time, or says how to.
    func end(_ fate: Fate, _ result: inout GCPResult) async throws {
        guard let instance = plan.instance, let machine = plan.machine else { return }
        let thing = GCPLedger.Thing.instance(instance.name)
        let command = thing.command(project: plan.project, zone: plan.zone)
        guard fate != .isGone else { return result.deleted = true }
        guard !machine.keeps, machine.console != .none else {
            result.deleted = false
            let state =
                fate == .isOff ? "is off and stays, with its disks" : machine.keeps ? "stays and goes on" : "goes on"
            return host.say("instance '\(instance.name)' \(state); delete it with: \(command)")
        }
        host.say("deleting instance '\(instance.name)'")
        let failure = await takenBack(after: nil)
        guard failure.left.isEmpty else { throw failure }
        result.deleted = true
    }

    /// Removes what this run has made, the last first. Goes on when this task was cancelled: it runs in one of its own.
    func takenBack(after cause: (any Error)?) async -> GCPFailure {
        let keeps = plan.machine?.keeps ?? false
        return await Task {
            var (removed, left): ([String], [String]) = ([], ledger.facts)
            for entry in ledger.things.reversed() {
                let command = entry.thing.command(project: plan.project, zone: plan.zone)
                if keeps, case .instance = entry.thing {
                    left.append("\(entry.thing), as --skip-cleanup wants it; delete it with: \(command)")
                    continue
                }
                do {
                    if try await remove(entry) { removed.append("\(entry.thing)") }
                } catch { left.append("\(entry.thing): \(error); delete it with: \(command)") }
            }
            return GCPFailure(cause: cause, removed: removed, left: left)
        }.value
    }

    /// - Returns: false when it was not there: the request for it may have come to nothing.
    private func remove(_ entry: GCPLedger.Entry) async throws -> Bool {
        switch entry.thing {
        case .bucket(let name):
            return try await wasThere { try await client.send(Storage.Calls(client.endpoints).deleteBucket(name)) }
        case .object(let bucket, let name): return try await storage.delete(bucket, name)
        case .image(let name):
            await finish(entry, in: .global)
            return try await wasThere { try await compute.run(compute.calls.deleteImage(name), in: .global) }
        case .instance(let name):
            await finish(entry, in: .zone)
            return try await wasThere { try await compute.run(compute.calls.deleteInstance(name), in: .zone) }
        }
    }

    /// What is still being made cannot be deleted yet. How its making ends does not matter any more.
    private func finish(_ entry: GCPLedger.Entry, in scope: Compute.Scope) async {
        guard let operation = entry.operation else { return }
        do { try await compute.wait(for: operation, in: scope, "wait for \(entry.thing)", limit: .seconds(120)) } catch
        {}
    }

    private func wasThere(_ delete: () async throws -> Void) async throws -> Bool {
        do {
            try await delete()
            return true
        } catch let error as GoogleError where error.status == 404 || error.reason == "RESOURCE_NOT_FOUND" {
            return false
        }
    }
}
