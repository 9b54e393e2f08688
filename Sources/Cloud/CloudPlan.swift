/// Something that a plan creates in a cloud, and how it is removed.
public struct CloudResource<Action: Sendable>: Sendable {
    /// As messages name it: `image 'web'`.
    public let name: String
    public let removal: CloudCall
    /// How the removal is carried out.
    public let action: Action
    /// The shell command that removes it, for users.
    public let command: String
    /// Why a run that fails leaves it: `kept by --skip-cleanup`. Nil: it is removed.
    public let reasonToKeep: String?

    public init(_ name: String, removal: CloudCall, _ action: Action, command: String, reasonToKeep: String? = nil) {
        (self.name, self.removal, self.action) = (name, removal, action)
        (self.command, self.reasonToKeep) = (command, reasonToKeep)
    }
}

/// What a look-up found of a resource.
public enum Presence: Sendable, Equatable {
    case missing
    case exists
    /// It already is what the plan would make it.
    case upToDate
}

/// When a step runs, by what earlier steps found or changed. A resource that no step has looked up is missing.
public enum Condition: Sendable, Equatable, CustomStringConvertible {
    case exists(String)
    case missing(String)
    case upToDate(String)
    case outOfDate(String)

    func holds(_ found: [String: Presence]) -> Bool {
        switch self {
        case .exists(let name): found[name, default: .missing] != .missing
        case .missing(let name): found[name, default: .missing] == .missing
        case .upToDate(let name): found[name] == .upToDate
        case .outOfDate(let name): found[name] != .upToDate
        }
    }

    public var description: String {
        switch self {
        case .exists(let name): "only if \(name) exists"
        case .missing(let name): "only if \(name) does not exist"
        case .upToDate(let name): "only if \(name) already has the same bytes"
        case .outOfDate(let name): "unless \(name) already has the same bytes"
        }
    }
}

/// One step of a plan: what is sent, when, and what comes of it.
public struct CloudStep<Action: Sendable>: Sendable {
    /// The requests, in order.
    public let calls: [CloudCall]
    /// How they are sent, and how their answers are read.
    public let action: Action
    public var condition: Condition?
    /// A program that runs instead of requests, with its title.
    public var program: (title: String, words: [String])?
    /// How the requests repeat, for readers.
    public var note: String?
    /// The resource whose presence the action reports.
    public var finds: String?
    public var creates: CloudResource<Action>?
    /// A resource of an earlier run, which makes room for a new one.
    public var replaces: String?
    /// Whether everything created before it is kept from here on, even when a later step fails.
    public var commits = false
    /// Whether the step removes what the run has created and not committed.
    public var cleansUp = false

    public init(_ calls: [CloudCall], _ action: Action, if condition: Condition? = nil) {
        (self.calls, self.action, self.condition) = (calls, action, condition)
    }

    /// What the user reads when the step begins; nil for questions.
    var announcement: String? {
        if let replaces { return "deleting the previous \(replaces)" }
        return creates != nil || cleansUp ? calls.first?.title : nil
    }

    var text: String {
        let command = program.map { ["# \($0.title)\n" + $0.words.joined(separator: " ")] } ?? []
        let requests = (calls.map { "\($0)" } + command).joined(separator: "\n\n")
        let notes = [condition.map { "\($0)" }, note].compactMap(\.self).map { "# \($0)" }
        return ([requests] + notes).joined(separator: "\n")
    }
}

/// What is asked of a cloud, in order: `--dry-run` prints it, and ``carryOut(_:_:perform:remove:)`` does it.
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
