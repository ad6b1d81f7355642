namespace GatewayKit.Pipeline;

/// <summary>Who is calling, as a feature of the request once somebody has found out.</summary>
/// <param name="Id">What tells callers apart.</param>
internal sealed record Caller(string Id);
