using GatewayKit.Clusters;
using GatewayKit.Pipeline;
using Microsoft.AspNetCore.Http;

namespace GatewayKit.Forwarding.Attempts;

/// <summary>One request at a cluster: what all of its attempts have in common. It is passed by reference, so that a request with one attempt allocates nothing for it.</summary>
/// <param name="HttpContext">The client's request.</param>
/// <param name="Context">The gateway's context of it; <see langword="null"/> outside a pipeline.</param>
/// <param name="Cluster">Where it goes.</param>
/// <param name="Target">What it asks for.</param>
/// <param name="Upgrade">The upgrade that the client asks for; <see langword="null"/> if it asks for none.</param>
/// <param name="Deadline">When it has to be over.</param>
/// <param name="IsGrpc">Whether it is a gRPC call.</param>
internal readonly record struct ForwardCall(
    HttpContext HttpContext, GatewayContext? Context, ClusterState Cluster, RequestTarget Target, WebSocketUpgrade? Upgrade, in CallDeadline Deadline, bool IsGrpc);
