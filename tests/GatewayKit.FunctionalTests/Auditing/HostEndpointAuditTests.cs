using System.Net;
using System.Text.Json;
using GatewayKit.Auditing;
using GatewayKit.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GatewayKit.FunctionalTests.Auditing;

/// <summary>What the host does around its endpoints: handlers that throw, pages for errors, controllers, and refusals in front of everything.</summary>
public sealed class HostEndpointAuditTests
{
    [Fact]
    public async Task Handler_that_throws_is_recorded_as_an_error()
    {
        await using var host = await AuditedHost.StartAsync(map: static app => app.MapGet("/report", Fail).WithName("report").WithAuditing());
        using var answer = await host.Client.GetAsync(new Uri("/report", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        AssertOne(await host.StopAndReadRequestsAsync(), "report", 500, "error");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Page_that_takes_the_place_of_an_error_is_part_of_the_same_record(bool isRecorded)
    {
        await using var host = await AuditedHost.StartAsync(map: app =>
        {
            app.UseExceptionHandler("/oops");
            app.UseRouting();
            var page = app.MapGet("/oops", static () => "oops").WithName("oops");
            if (isRecorded)
            {
                page.WithAuditing();
            }

            app.MapGet("/report", Fail).WithName("report").WithAuditing();
        });
        using var answer = await host.Client.GetAsync(new Uri("/report", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);

        // The framework runs no handler that has filters once the status tells of an error: such a page is better left without policies.
        Assert.Equal(isRecorded ? string.Empty : "oops", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        AssertOne(await host.StopAndReadRequestsAsync(), "report", 500, "error");
    }

    [Fact]
    public async Task Page_that_takes_the_place_of_an_empty_answer_is_part_of_the_same_record()
    {
        await using var host = await AuditedHost.StartAsync(map: static app =>
        {
            app.UseStatusCodePagesWithReExecute("/page/{0}");
            app.UseRouting();
            app.MapGet("/page/{status}", static (string status) => $"page {status}").WithName("page");
            app.MapGet("/report", static () => Results.NotFound()).WithName("report").WithAuditing();
        });
        using var answer = await host.Client.GetAsync(new Uri("/report", UriKind.Relative));
        Assert.Equal((HttpStatusCode.NotFound, "page 404"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        AssertOne(await host.StopAndReadRequestsAsync(), "report", 404, "ok");
    }

    [Fact]
    public async Task Action_of_a_controller_runs_after_its_beginning_is_recorded()
    {
        AuditedHost? host = null;
        AuditedController.Seen = string.Empty;
        AuditedController.Read = () => host!.ReadText();
        await using var own = host = await AuditedHost.StartAsync(
            map: static app => app.MapControllers().WithAuditing(AuditDelivery.Strict),
            services: static gateway => gateway.Services.AddControllers().ConfigureApplicationPartManager(static parts =>
            {
                parts.ApplicationParts.Clear();
                parts.FeatureProviders.Add(new OnlyAudited());
            }));
        Assert.Equal("done", await host.Client.GetStringAsync(new Uri("/audited/well", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Contains("\"kind\":\"begin\"", AuditedController.Seen, StringComparison.Ordinal);
        using var thrown = await host.Client.GetAsync(new Uri("/audited/fails", UriKind.Relative));
        Assert.Equal(HttpStatusCode.InternalServerError, thrown.StatusCode);
        var lines = await host.StopAndReadRequestsAsync();
        Assert.Equal(["begin", "end", "begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal([(200, "ok"), (500, "error")], lines.Where(static line => Text(line, "kind") is "end").Select(static line => (line.GetProperty("st").GetInt32(), Text(line, "outcome")!)));
    }

    [Fact]
    public async Task Name_of_a_host_that_is_not_served_is_recorded_although_the_host_refuses_it_in_front_of_the_gateway()
    {
        var folder = Directory.CreateTempSubdirectory("gatewaykit-hosts-");
        var builder = WebApplication.CreateBuilder();
        builder.Configuration.AddInMemoryCollection([new("AllowedHosts", "served.example")]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static options => options.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1)).UseSetting(WebHostDefaults.ServerUrlsKey, null);
        builder.Services.AddApiGateway();
        builder.Services.Configure<GatewayOptions>(gateway => (gateway.Journal, gateway.DrainDelay) = (new() { Directory = folder.FullName }, TimeSpan.Zero));
        await using (var app = builder.Build())
        {
            app.MapGet("/report", static () => "report").WithAuditing();
            await app.StartAsync(TestContext.Current.CancellationToken);
            using var connection = await RawConnection.ConnectAsync(new Uri(app.Urls.First()));
            await connection.SendAsync("GET /report HTTP/1.1\r\nHost: other.example\r\n\r\n");
            Assert.Contains(" 400 ", await connection.ReadHeadAsync(), StringComparison.Ordinal);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        var lines = folder.EnumerateFiles("*.gkal", SearchOption.AllDirectories).SelectMany(static file => File.ReadLines(file.FullName))
            .Select(static line => JsonElement.Parse(line)).Where(static line => Text(line, "kind") is "begin" or "end").ToArray();
        Assert.Equal(["begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal(("other.example", 400, "denied"), (Text(lines[0], "host"), lines[1].GetProperty("st").GetInt32(), Text(lines[1], "outcome")));
    }

    private static string Fail() => throw new InvalidOperationException("It does not work.");

    private static void AssertOne(IReadOnlyList<JsonElement> lines, string route, int status, string outcome)
    {
        Assert.Equal(["begin", "end"], lines.Select(static line => Text(line, "kind")));
        Assert.Equal((route, route, status, outcome), (Text(lines[0], "route"), Text(lines[1], "route"), lines[1].GetProperty("st").GetInt32(), Text(lines[1], "outcome")));
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;

    private sealed class OnlyAudited : Microsoft.AspNetCore.Mvc.ApplicationParts.IApplicationFeatureProvider<Microsoft.AspNetCore.Mvc.Controllers.ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<Microsoft.AspNetCore.Mvc.ApplicationParts.ApplicationPart> parts, Microsoft.AspNetCore.Mvc.Controllers.ControllerFeature feature) =>
            feature.Controllers.Add(System.Reflection.IntrospectionExtensions.GetTypeInfo(typeof(AuditedController)));
    }
}

/// <summary>What the test maps.</summary>
[ApiController]
[Route("audited")]
public sealed class AuditedController : ControllerBase
{
    internal static Func<string> Read { get; set; } = static () => string.Empty;

    internal static string Seen { get; set; } = string.Empty;

    [HttpGet("well")]
    public string Well()
    {
        Seen = Read();
        return "done";
    }

    [HttpGet("fails")]
    public string Fails() => throw new InvalidOperationException("It does not work.");
}
