using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http.Features;

namespace GatewayKit.Rollout.Mirroring;

/// <summary>Copies what an endpoint of the host writes to its response.</summary>
internal sealed class CapturingResponseBody(IHttpResponseBodyFeature inner, BodyCapture capture) : PassingResponseBody(inner)
{
    protected override void Passed(ReadOnlySpan<byte> bytes) => capture.Append(bytes);
}
