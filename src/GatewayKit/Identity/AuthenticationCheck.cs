using GatewayKit.Pipeline;

namespace GatewayKit.Identity;

/// <summary>Looks at the credentials of one kind that a request has.</summary>
/// <param name="context">The request.</param>
public delegate ValueTask<AuthenticationOutcome> AuthenticationCheck(GatewayContext context);
