/// The APIs that are asked. Each can be elsewhere, and gets a token or not, by itself: see ``Endpoints``.
public enum API: Sendable { case storage, compute, resourceManager }
