import TestSupport

/// A judge: another program that reads what was written here. That it is missing is a failure.
enum Tool {
    static func run(_ name: String, _ arguments: [String]) throws -> EndedProcess {
        try EndedProcess(name, arguments, environment: ["LC_ALL": "C", "TZ": "UTC"])
    }
}
