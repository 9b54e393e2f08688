/// The requests to a cloud, in order: `--dry-run` prints it, and ``carryOut(_:_:perform:remove:)`` does it.
public struct CloudPlan<Action: Sendable>: Sendable, CustomStringConvertible {
    public var steps: [CloudStep<Action>] = []

    public init() {}

    /// The requests and when they are sent, with blank lines between them; without secrets.
    public var description: String { steps.map(\.text).joined(separator: "\n\n") }

    /// The same requests for programs: an array of objects with `method`, `url` and `body`.
    public var json: String {
        get throws { "[\n\(try steps.flatMap(\.calls).map { try $0.json }.joined(separator: ",\n"))\n]" }
    }

    /// Takes the steps whose conditions hold. When one fails or the task is cancelled, removes what was created and not
    /// committed, the last first.
    /// - Parameters:
    ///   - perform: sends a step's calls; returns what it found when the step looks something up.
    ///   - remove: removes a resource; returns false when it does not exist.
    /// - Throws: ``CloudFailure`` once anything was created; before that the error itself.
    public func carryOut(
        _ ledger: CloudLedger<Action>, _ host: CloudHost,
        perform: (CloudStep<Action>) async throws -> Presence?,
        remove: @escaping @Sendable (CloudResource<Action>) async throws -> Bool
    ) async throws {
        var found: [String: Presence] = [:]
        do {
            for step in steps where step.condition?.holds(found) ?? true {
                if let line = step.announcement { host.log(line) }
                if step.cleansUp {
                    let failure = await ledger.rollBack(after: nil, remove)
                    guard failure.left.isEmpty else { throw failure }
                    continue
                }
                if let created = step.creates {
                    ledger.begin(created, isReplaced: Condition.exists(created.name).holds(found))
                }
                let presence = try await perform(step)
                if let name = step.finds { found[name] = presence }
                if let created = step.creates { found[created.name] = .exists }
                if let name = step.replaces {
                    ledger.note("the previous \(name), which was deleted")
                    found[name] = .missing
                }
                if step.commits { ledger.commitAll(but: step.creates?.name) }
            }
        } catch let failure as CloudFailure {
            throw failure
        } catch {
            throw await ledger.failure(after: error, remove)
        }
    }
}
