using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Throttling.Replay;

/// <summary>The limits of one route, composed as they are for requests.</summary>
/// <param name="Pipeline">What they are.</param>
/// <param name="Chain">What runs them, down to <see cref="ReplayRequest.AnswerAsync"/>.</param>
/// <param name="Settings">The settings of each of its steps, in words.</param>
/// <param name="NotReplayed">Those that are left out, and why.</param>
internal sealed record ReplayEndpoint(GatewayPipeline Pipeline, EndpointFilterDelegate Chain, IReadOnlyList<string> Settings, IReadOnlyList<string> NotReplayed);
