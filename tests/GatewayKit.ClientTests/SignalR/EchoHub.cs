using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http.Connections.Features;
using Microsoft.AspNetCore.SignalR;

namespace GatewayKit.ClientTests.SignalR;

/// <summary>The hub behind the gateway.</summary>
internal sealed class EchoHub : Hub
{
    public string Echo(string text) => text;

    /// <summary>What the connection really uses, in the server's eyes.</summary>
    public string Transport() => Context.Features.Get<IHttpTransportFeature>()!.TransportType.ToString();

    public Task Shout(string text) => Clients.All.SendAsync("heard", text);

    public async Task<int> Sum(IAsyncEnumerable<int> numbers) => await numbers.SumAsync();

    public string Refuse(string reason) => throw new HubException(reason);

    public async IAsyncEnumerable<int> Count(int to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var i = 1; i <= to; i++)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return i;
        }
    }
}
