using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace GatewayKit.FunctionalTests.Identity.RequestSignatures;

/// <summary>The code of signatures that docs/mtls-and-signatures.md shows.</summary>
public sealed class DocumentedSignatureTests
{
    [Fact]
    public async Task Example_asks_for_signatures()
    {
        await using var gateway = await SignedGateway.WithAsync(static group => MapOrders(group));
        var request = (gateway.Request("/orders") with { Method = "POST", Body = [1], Fields = new Dictionary<string, string> { ["Idempotency-Key"] = "1" } }).WithDigest();
        Assert.Equal(200, (await gateway.AskAsync(request with { Components = [.. request.Components, "idempotency-key"] })).Status);
        Assert.Equal(401, (await gateway.AskAsync(request)).Status);
    }

    private static void MapOrders(IEndpointRouteBuilder app)
    {
        app.MapPost("/orders", PlaceOrder).RequireSignature(new()
        {
            Components = ["idempotency-key"],
            MaxAge = TimeSpan.FromMinutes(1),
        });
    }

    private static string PlaceOrder() => "placed";
}
