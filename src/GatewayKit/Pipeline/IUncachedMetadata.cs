namespace GatewayKit.Pipeline;

/// <summary>Marks endpoints of whose answers nothing may keep a copy, also of those that the host's authorization gives in their place.</summary>
internal interface IUncachedMetadata;
