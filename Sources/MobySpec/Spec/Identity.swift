/// A user or group: a number, or the name of a container whose number it shares.
public enum Identity: Sendable, Equatable {
    case number(UInt32)
    case container(String)
}
