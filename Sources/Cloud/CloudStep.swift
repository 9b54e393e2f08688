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

/// One step of a plan: its requests, its condition, and its results.
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
