using System.Net;
using GatewayKit.Auditing.Custody;
using GatewayKit.Auditing.Personal;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.FunctionalTests.Auditing.Personal;

/// <summary>The code of docs/audit-retention.md.</summary>
public sealed class DocumentedCustodyTests
{
    [Fact]
    public async Task Host_sets_holds_and_erases()
    {
        var keys = Directory.CreateTempSubdirectory("gatewaykit-keys-");
        await using var host = await AuditedHost.StartAsync(
            map: static app =>
            {
                app.MapPost("/holds/{consumer}", async (string consumer, AuditCustody custody) =>
                    await custody.HoldAsync(new() { Subjects = await custody.SubjectsOfAsync(consumer), Reason = "case 7" }, actor: "counsel"));
                app.MapPost("/erasures/{consumer}", (string consumer, AuditCustody custody) => custody.EraseAsync(consumer, actor: "privacy"));
            },
            journal: options => options with { Personal = new() { Encrypted = [PersonalField.Consumer], KeyDirectory = keys.FullName } });
        using var held = await host.Client.PostAsync(new Uri("/holds/acme", UriKind.Relative), null);
        using var erased = await host.Client.PostAsync(new Uri("/erasures/acme", UriKind.Relative), null);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (held.StatusCode, erased.StatusCode));
        var custody = host.Gateway.App.Services.GetRequiredService<AuditCustody>();
        Assert.Contains(Assert.Single(custody.Holds).Id, await erased.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.True(await custody.ReleaseAsync(custody.Holds[0].Id, "counsel"));
        keys.Delete(recursive: true);
    }
}
