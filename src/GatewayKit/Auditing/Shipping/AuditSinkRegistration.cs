namespace GatewayKit.Auditing.Shipping;

/// <summary>A sink that the host has added.</summary>
/// <param name="Name">What logs, metrics, files and events call it.</param>
/// <param name="Create">Makes it or finds it.</param>
/// <param name="Options">How it is served.</param>
internal sealed record AuditSinkRegistration(string Name, Func<IServiceProvider, IAuditSink> Create, AuditSinkOptions Options);
